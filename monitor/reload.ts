/**
 * Watches the settings file, and takes what changed: at once where the system tells, on SIGHUP, and
 * in any case within a few seconds. A file that does not validate, or that vanishes, changes
 * nothing; both are said and counted.
 */
import { messageOf, WeirError } from "../core/errors.ts";
import type { Part } from "../core/lifecycle.ts";
import { logOf } from "../core/log.ts";
import type { Clock } from "../core/ports/clock.ts";
import type { ConfigSnapshot, ConfigSource } from "../core/ports/config_source.ts";
import type { MonitorSettings } from "./config.ts";
import type { Monitor } from "./monitor.ts";
import type { ReloadResult } from "./own_metrics.ts";

export interface ReloadOptions {
  source: ConfigSource;
  /** The text that the program began with; null where there was no file. */
  begun: string | null;
  /** Checks a text as at the start. Throws where it does not validate. */
  load(text: string): MonitorSettings;
  monitor: Pick<Monitor, "apply" | "reloads">;
  clock: Clock;
  /** Calls back when the operator asks, until `signal` aborts. @default SIGHUP */
  asked?: (again: () => void, signal: AbortSignal) => void;
}

export function reloadPart(options: ReloadOptions): Part {
  const { source, monitor: { reloads } } = options;
  const log = logOf("monitor.settings");
  const end = new AbortController();
  let last = options.begun;
  let working: Promise<void> = Promise.resolve();

  const note = (result: ReloadResult, reason = "") => {
    reloads.counts[result]++;
    reloads.error = reason;
  };
  const refused = (error: unknown) => {
    note("refused", messageOf(error));
    const hint = error instanceof WeirError ? error.hint : "";
    log.error("Settings refused, the old ones stay in force", { reason: reloads.error, hint });
  };
  // A file that cannot be read is looked at every few seconds: said once.
  const unreadable = (error: unknown) => {
    if (messageOf(error) !== reloads.error) refused(error);
  };
  const take = async ({ text }: ConfigSnapshot, forced: boolean) => {
    if (text === last && !forced) return;
    last = text;
    if (text === null) {
      note("kept", "the file is gone");
      log.warn("Settings are gone, the last ones stay in force", { source: source.name });
      return;
    }
    try {
      await options.monitor.apply(options.load(text));
    } catch (error) {
      return refused(error);
    }
    note("applied");
    reloads.appliedAtMs = options.clock.wallMs();
    log.info("Settings applied", { source: source.name });
  };
  const queue = (snapshot: ConfigSnapshot, forced: boolean) => {
    working = working.then(() => take(snapshot, forced));
  };
  const again = () => void source.read().then((snapshot) => queue(snapshot, true)).catch(refused);
  return {
    name: "settings",
    start() {
      (options.asked ?? onHangup)(again, end.signal);
      source.watch((snapshot) => queue(snapshot, false), unreadable, end.signal).catch(refused);
    },
    async stop() {
      end.abort();
      await working;
      await source.close();
    },
  };
}

function onHangup(again: () => void, signal: AbortSignal): void {
  Deno.addSignalListener("SIGHUP", again);
  signal.addEventListener("abort", () => Deno.removeSignalListener("SIGHUP", again), {
    once: true,
  });
}
