/**
 * The script of the demo's incident: the disk of the database host fills, writes fail through all
 * the services, somebody makes room, everything recovers. It comes again every 21 minutes.
 */

/** Seconds from the start of the demo's time to the first incident. */
export const FIRST_S = 12 * 60;
/** From one incident to the next: the second begins about three minutes after a person opened the page. */
export const PERIOD_S = 21 * 60;
const FILLING_S = 120;
const FULL_S = 150;
const RECOVERY_S = 45;

export type Phase = "calm" | "filling" | "full" | "recovery";

export interface Incident {
  phase: Phase;
  /** Seconds since the phase began. */
  second: number;
  /** Of the disk, percent. */
  diskPercent: number;
}

/** What goes on `second` seconds after the start of the demo's time. */
export function incidentAt(second: number): Incident {
  const at = ((second - FIRST_S) % PERIOD_S + PERIOD_S) % PERIOD_S;
  if (second < FIRST_S || at >= FILLING_S + FULL_S + RECOVERY_S) {
    return { phase: "calm", second: 0, diskPercent: 71 };
  }
  if (at < FILLING_S) {
    return { phase: "filling", second: at, diskPercent: 85 + Math.floor(at * 15 / FILLING_S) };
  }
  if (at < FILLING_S + FULL_S) {
    return { phase: "full", second: at - FILLING_S, diskPercent: 100 };
  }
  return { phase: "recovery", second: at - FILLING_S - FULL_S, diskPercent: 64 };
}

/** What the hosts themselves log of it in this second, as program and message. */
export function hostEvents({ phase, second, diskPercent }: Incident): [string, string][] {
  if (phase === "filling" && second % 15 === 0) {
    const events: [string, string][] = [
      ["diskwatch[411]", `WARNING: /var/lib/postgresql is ${diskPercent}% full`],
    ];
    if (second === 0) events.unshift(["backup[2207]", "base backup started, 38 GB to copy"]);
    return events;
  }
  if (phase === "full" && second === 0) {
    return [
      ["kernel", "EXT4-fs warning (device sdb1): ext4_da_write_begin: no space left on device"],
      ["backup[2207]", "ERROR: cannot write base.tar: No space left on device"],
    ];
  }
  if (phase === "full" && second % 20 === 0) {
    return [["diskwatch[411]", "CRITICAL: /var/lib/postgresql is 100% full, 0 bytes free"]];
  }
  if (phase === "recovery" && second === 0) {
    return [
      ["sudo", "anna : TTY=pts/0 ; USER=root ; COMMAND=/usr/bin/rm /var/lib/postgresql/base.tar"],
      ["diskwatch[411]", `OK: /var/lib/postgresql is ${diskPercent}% full`],
    ];
  }
  return [];
}
