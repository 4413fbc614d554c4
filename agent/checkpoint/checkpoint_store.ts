/**
 * Keeps the checkpoint in a state folder: two files written in turn, each whole or not at all, so that there is always
 * a complete one. A file that cannot be used is kept aside as evidence and the other one is used, loudly. Saves that
 * are asked for while one runs share the next.
 */
import { messageOf, WeirError } from "../../core/errors.ts";
import { logOf } from "../../core/log.ts";
import type { Clock } from "../../core/ports/clock.ts";
import { type Files, isNotFound } from "../../core/ports/files.ts";
import type { FileState } from "./state.ts";
import { decodeCheckpoint, encodeCheckpoint } from "./state.ts";

const NAMES = ["checkpoint.a", "checkpoint.b"];

export class CheckpointStore {
  readonly #files: Files;
  readonly #clock: Clock;
  readonly #folder: string;
  readonly #log = logOf("agent.checkpoint");
  #number = 0;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  /** Wall ms of the last successful save; 0 before the first. */
  savedMs = 0;
  saves = 0;
  lastError: WeirError | undefined;

  constructor(files: Files, clock: Clock, folder: string) {
    this.#files = files;
    this.#clock = clock;
    this.#folder = folder;
  }

  /**
   * The states of the newest usable checkpoint, empty where there is none. Rejects with
   * CHECKPOINT_UNREADABLE (retriable) where the folder cannot be read at all: starting without it
   * would send everything again.
   */
  async load(): Promise<FileState[]> {
    const { number, states, faults } = await readCheckpoint(this.#files, this.#folder);
    for (const { path, text, fault } of faults) await this.#keepAside(path, text, fault);
    this.#number = number;
    if (faults.length > 0) {
      this.#log.error("Checkpoint fault", {
        usable: number > 0,
        hint: "Lines since the older checkpoint are sent again; the index takes each once.",
      });
    }
    return states;
  }

  async #keepAside(path: string, text: string, fault: string): Promise<void> {
    const aside = `${path}.fault-${this.#clock.wallMs()}`;
    this.#log.error("Cannot use a checkpoint file, it is kept aside", { path, fault, aside });
    await this.#files.writeAtomic(aside, new TextEncoder().encode(text));
    await this.#files.remove(path);
  }

  /**
   * Writes what `states` gives at the moment of writing; resolves when it is on disk. Rejects with the file system's
   * WeirError; the one before stays in place.
   */
  save(states: () => FileState[]): Promise<void> {
    if (this.#running === undefined) return this.#run(states);
    this.#next ??= this.#running.catch(() => {}).then(() => {
      this.#next = undefined;
      return this.#run(states);
    });
    return this.#next;
  }

  #run(states: () => FileState[]): Promise<void> {
    const work = this.#write(states).finally(() => {
      if (this.#running === work) this.#running = undefined;
    });
    this.#running = work;
    return work;
  }

  async #write(states: () => FileState[]): Promise<void> {
    const number = this.#number + 1;
    const content = encodeCheckpoint({ number, files: states() });
    try {
      await this.#files.writeAtomic(`${this.#folder}/${NAMES[number % 2]}`, content);
    } catch (error) {
      this.lastError = error instanceof WeirError
        ? error
        : new WeirError("FILE_FAILED", messageOf(error), { retriable: true });
      throw this.lastError;
    }
    this.#number = number;
    this.lastError = undefined;
    this.savedMs = this.#clock.wallMs();
    this.saves++;
  }
}

/** What a state folder holds: the newest usable checkpoint, and the files that cannot be used. */
export interface ReadCheckpoint {
  /** 0 where there is none. */
  number: number;
  states: FileState[];
  faults: { path: string; text: string; fault: string }[];
}

/** Reads and changes nothing. Rejects with CHECKPOINT_UNREADABLE (retriable). */
export async function readCheckpoint(
  files: Pick<Files, "readText">,
  folder: string,
): Promise<ReadCheckpoint> {
  const read: ReadCheckpoint = { number: 0, states: [], faults: [] };
  for (const name of NAMES) {
    const path = `${folder}/${name}`;
    let text: string;
    try {
      text = await files.readText(path);
    } catch (error) {
      if (isNotFound(error)) continue;
      throw new WeirError(
        "CHECKPOINT_UNREADABLE",
        `Cannot read the checkpoint: ${messageOf(error)}`,
        {
          hint: "Let this program's user read and write its state folder.",
          retriable: true,
          cause: error,
        },
      );
    }
    const result = decodeCheckpoint(text);
    if ("fault" in result) read.faults.push({ path, text, fault: result.fault });
    else if (result.number > read.number) {
      read.number = result.number;
      read.states = result.files;
    }
  }
  return read;
}
