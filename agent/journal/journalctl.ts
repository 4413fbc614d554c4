/**
 * Runs journalctl, which reads the journal for us: its files are systemd's own. Promises: what it says when it cannot
 * read becomes a fault with a code and the remedy; the process ends with ours, and when its signal aborts.
 */
import { messageOf } from "../../core/errors.ts";
import { ExportReader } from "./export_reader.ts";
import { ASKED_FIELDS, type JournalPlace, placeOf, WANTED_FIELDS } from "./journal_line.ts";

export interface JournalFault {
  code:
    | "JOURNAL_NO_COMMAND"
    | "JOURNAL_NONE"
    | "JOURNAL_DENIED"
    | "JOURNAL_PARTLY"
    | "JOURNAL_FAILED";
  reason: string;
}

export interface JournalChoice {
  /** Folder of journal files; empty: this host's journal. */
  directory: string;
  /** Units to read; none: all. */
  units: readonly string[];
}

const COMMAND = "journalctl";
const MACHINE_ID = "/etc/machine-id";
const STDERR_CHARACTERS_MAX = 4096;
const NO_COMMAND: JournalFault = {
  code: "JOURNAL_NO_COMMAND",
  reason: "journalctl is not there: install systemd, or leave the journal out",
};

const NO_JOURNAL: JournalFault = {
  code: "JOURNAL_NONE",
  reason: "there is no journal: journald does not run, or has written nothing yet",
};

/** With --follow and without --merge journalctl shows one boot alone; with it, other hosts that sent theirs here. */
function argumentsOf(choice: JournalChoice, more: readonly string[]): string[] {
  return [
    "--merge",
    "--output=export",
    "--all",
    "--no-pager",
    `--output-fields=${ASKED_FIELDS.join(",")}`,
    ...(choice.directory === "" ? ownMachine() : [`--directory=${choice.directory}`]),
    ...choice.units.map((unit) => `--unit=${unit}`),
    ...more,
  ];
}

function ownMachine(): string[] {
  try {
    return [`_MACHINE_ID=${Deno.readTextFileSync(MACHINE_ID).trim()}`];
  } catch {
    return []; // a host without a name of its own keeps no journals of others
  }
}

function spawn(choice: JournalChoice, more: readonly string[]): Deno.ChildProcess {
  return new Deno.Command(COMMAND, {
    args: argumentsOf(choice, more),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    env: { LC_ALL: "C" },
  }).spawn();
}

/** What journalctl said, as a fault; undefined where it said nothing that matters. */
export function faultOf(said: string, code: number): JournalFault | undefined {
  if (/insufficient permissions/i.test(said)) {
    return {
      code: "JOURNAL_DENIED",
      reason: "this user may not read the journal: add it to the group systemd-journal",
    };
  }
  if (/not seeing messages from other users/i.test(said)) {
    return {
      code: "JOURNAL_PARTLY",
      reason: "only this user's own entries can be read: add it to the group systemd-journal",
    };
  }
  if (/No journal files were found/i.test(said)) {
    return NO_JOURNAL;
  }
  if (code === 0 && said === "") return undefined;
  if (code === 0 && /^(Hint|-- )/.test(said)) return undefined;
  const text = said === "" ? `journalctl ended with code ${code}` : said;
  return { code: "JOURNAL_FAILED", reason: text.replace(/\s*\n\s*/g, "; ").slice(0, 300) };
}

/** The place of the newest entry, and what keeps us from reading; one of them is there. */
export async function probe(
  choice: JournalChoice,
): Promise<{ last?: JournalPlace; fault?: JournalFault }> {
  let last: JournalPlace | undefined;
  const fault = await read(choice, ["--lines=1"], new AbortController().signal, (bytes) => {
    new ExportReader(WANTED_FIELDS).push(bytes, (entry) => last = placeOf(entry) ?? last);
    return Promise.resolve();
  });
  if (last === undefined) return { fault: fault ?? NO_JOURNAL };
  return { last, ...(fault && { fault }) };
}

/** Reads from `cursor` on, that entry included, and what comes later, until the signal aborts or journalctl ends. */
export function follow(
  choice: JournalChoice,
  cursor: string,
  signal: AbortSignal,
  onBytes: (bytes: Uint8Array) => Promise<void>,
): Promise<JournalFault | undefined> {
  const from = cursor === "" ? [] : [`--cursor=${cursor}`];
  return read(choice, ["--follow", "--no-tail", ...from], signal, onBytes);
}

/** Runs it to its end; resolves with why it ended, where that was not us. Rejects with what `onBytes` throws. */
async function read(
  choice: JournalChoice,
  more: readonly string[],
  signal: AbortSignal,
  onBytes: (bytes: Uint8Array) => Promise<void>,
): Promise<JournalFault | undefined> {
  if (signal.aborted) return undefined;
  let child: Deno.ChildProcess;
  try {
    child = spawn(choice, more);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return NO_COMMAND;
    return { code: "JOURNAL_FAILED", reason: messageOf(error) };
  }
  const end = () => kill(child);
  signal.addEventListener("abort", end, { once: true });
  const said = collect(child.stderr);
  try {
    for await (const bytes of child.stdout) {
      if (signal.aborted) break;
      await onBytes(bytes);
    }
  } finally {
    signal.removeEventListener("abort", end);
    kill(child);
    await Promise.all([said, child.status]);
  }
  if (signal.aborted) return undefined;
  return faultOf(await said, (await child.status).code);
}

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGTERM");
  } catch {
    // It has ended already.
  }
}

/** The beginning of what it says; the rest is read and left out. */
async function collect(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  for await (
    const piece of stream.pipeThrough(new TextDecoderStream() as never) as never as AsyncIterable<
      string
    >
  ) {
    if (text.length < STDERR_CHARACTERS_MAX) text += piece;
  }
  return text.slice(0, STDERR_CHARACTERS_MAX).trim();
}
