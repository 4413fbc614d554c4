/** The journal's checkpoint: one small file, replaced whole, with this agent's id and the acknowledged cursor. */
import { WeirError } from "../../core/errors.ts";
import { type Files, isNotFound } from "../../core/ports/files.ts";

export interface JournalState {
  /** Part of every generation; made once. */
  id: string;
  /** Everything up to this entry is acknowledged; empty: nothing yet. */
  cursor: string;
}

const NAME = "journal.json";
const VERSION = 1;

/**
 * Undefined where there is none yet. Rejects with JOURNAL_STATE where it cannot be used: going on without it would
 * send everything again under new names.
 */
export async function loadState(files: Files, folder: string): Promise<JournalState | undefined> {
  const path = `${folder}/${NAME}`;
  let text: string;
  try {
    text = await files.readText(path);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
  try {
    const { version, id, cursor } = JSON.parse(text);
    if (version === VERSION && typeof id === "string" && typeof cursor === "string") {
      return { id, cursor };
    }
  } catch {
    // Said below.
  }
  throw new WeirError("JOURNAL_STATE", `Cannot use the journal's checkpoint "${path}"`, {
    hint:
      "Move it away: then the journal is read again from its beginning, and its lines come twice.",
  });
}

export async function saveState(files: Files, folder: string, state: JournalState): Promise<void> {
  const text = `${JSON.stringify({ version: VERSION, ...state })}\n`;
  await files.writeAtomic(`${folder}/${NAME}`, new TextEncoder().encode(text));
}
