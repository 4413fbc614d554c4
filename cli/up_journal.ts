/**
 * Whether `weir up` reads the systemd journal: where it is asked to, or where no path was given and there is one. What
 * keeps it from reading is said with the remedy; only that there is no journal at all is not worth a word unless
 * somebody asked for it.
 */
import { resolve } from "node:path";
import { type JournalFault, probe } from "../agent/journal/journalctl.ts";
import { WeirError } from "../core/errors.ts";

export interface JournalPlan {
  /** Folder of journal files; empty: this host's. */
  directory: string;
  /** When the newest entry was made, ms since 1970; undefined where there is none. */
  lastMs?: number;
  /** What keeps it from reading all of it. */
  fault?: JournalFault;
}

export interface JournalWish {
  journal?: boolean;
  journalDir?: string;
}

/** Undefined where the journal is left out. Throws JOURNAL_NO_COMMAND where it was asked for and cannot be read. */
export async function planJournal(
  wish: JournalWish,
  paths: readonly string[],
): Promise<JournalPlan | undefined> {
  const asked = wish.journal === true || wish.journalDir !== undefined;
  if (wish.journal === false || (!asked && paths.length > 0)) return undefined;
  const directory = wish.journalDir === undefined ? "" : resolve(wish.journalDir);
  const { last, fault } = await probe({ directory, units: [] });
  if (!asked && last === undefined) {
    if (fault === undefined || fault.code === "JOURNAL_NONE") return undefined;
    if (fault.code === "JOURNAL_NO_COMMAND") return undefined;
  }
  if (fault?.code === "JOURNAL_NO_COMMAND") {
    throw new WeirError(fault.code, "Cannot read the systemd journal: journalctl is not there", {
      hint: "Install systemd, or leave --journal out.",
    });
  }
  return { directory, ...(last && { lastMs: last.timeMs }), ...(fault && { fault }) };
}
