/**
 * The systemd journal as a source of lines. journalctl reads it from a cursor on; each entry becomes one line, its
 * identity made from the cursor, so that what is sent again is the same line. Promises: the cursor that is kept never
 * passes an entry that the sink has not acknowledged, and no more than a bounded number of bytes is in flight.
 *
 * What the records depend on (this agent's own id, part of every generation) is on disk before the first is sent.
 */
import { isRetriable, messageOf } from "../../core/errors.ts";
import type { Part } from "../../core/lifecycle.ts";
import { logOf } from "../../core/log.ts";
import { Counter, type Registry } from "../../core/metrics/registry.ts";
import type { Clock } from "../../core/ports/clock.ts";
import type { Files } from "../../core/ports/files.ts";
import type { LineSink } from "../../core/ports/line_sink.ts";
import { dayOf, newGeneration } from "../../core/record/identity.ts";
import { type ExportEntry, ExportReader } from "./export_reader.ts";
import { Flights } from "./flights.ts";
import {
  generationOf,
  JournalLines,
  type JournalPlace,
  placeOf,
  textOf,
  timeOfCursor,
  WANTED_FIELDS,
} from "./journal_line.ts";
import { loadState, saveState } from "./journal_state.ts";
import { follow, type JournalChoice, type JournalFault } from "./journalctl.ts";

export interface JournalTailOptions extends JournalChoice {
  /** Folder of the checkpoint. */
  state: string;
  topic: string;
  host: string;
  /** Made when the part starts. */
  sink: () => LineSink;
  registry: Registry;
  clock: Clock;
  files: Files;
}

const CHUNK_BYTES = 524_288;
const FLIGHT_BYTES_MAX = 4_194_304;
const SAVE_MS = 1000;
const RETRY_MS = 1000, RETRY_MS_MAX = 60_000;
/** One number at a time stands for an entry in the row of its generation. */
const ENTRY_LENGTH = 1;

export class JournalTail implements Part {
  readonly name = "journal";
  readonly #options: JournalTailOptions;
  readonly #log = logOf("agent.journal");
  readonly #end = new AbortController();
  readonly #entries: Counter;
  readonly #cut: Counter;
  #sink: LineSink | undefined;
  #loops: Promise<void>[] = [];
  #flights = new Flights("");
  #id = "";
  #saved = "";
  #fault: JournalFault | undefined;
  /** Of the entry read last, ms since 1970; 0 before the first. */
  #readMs = 0;
  #generations = new Map<string, string>();

  constructor(options: JournalTailOptions) {
    this.#options = options;
    const registers = [options.registry];
    this.#entries = new Counter({
      name: "weir_agent_journal_entries_total",
      help: "Entries of the systemd journal that the sink acknowledged.",
      registers,
    });
    this.#cut = new Counter({
      name: "weir_agent_journal_entries_cut_total",
      help: "Entries of the systemd journal with a field longer than 128 KiB, cut.",
      registers,
    });
  }

  /** Rejects with JOURNAL_STATE, and with what the state folder's file system says. */
  async start(): Promise<void> {
    const { files, state } = this.#options;
    const saved = await loadState(files, state);
    this.#id = saved?.id ?? newGeneration();
    this.#flights = new Flights(saved?.cursor ?? "");
    this.#saved = this.#flights.cursor;
    this.#readMs = timeOfCursor(this.#saved);
    if (saved === undefined) await saveState(files, state, { id: this.#id, cursor: "" });
    this.#sink = this.#options.sink();
    this.#loops = [this.#run(), this.#saveLoop()];
  }

  /** Reads until the end; journalctl is started again when it ends. */
  async #run(): Promise<void> {
    const { clock } = this.#options;
    let wait = RETRY_MS;
    while (!this.#end.signal.aborted) {
      const before = this.#flights.cursor;
      try {
        this.#setFault(await this.#read());
      } catch (error) {
        if (!isRetriable(error)) {
          this.#setFault({ code: "JOURNAL_FAILED", reason: messageOf(error) });
        }
      }
      wait = this.#flights.cursor === before ? Math.min(2 * wait, RETRY_MS_MAX) : RETRY_MS;
      await clock.sleep(wait, this.#end.signal);
    }
  }

  #setFault(fault: JournalFault | undefined): void {
    if (this.#end.signal.aborted) return;
    if (fault !== undefined && fault.code !== this.#fault?.code) {
      this.#log.warn("The journal cannot be read", { ...fault });
    }
    this.#fault = fault;
  }

  /** One run of journalctl, from the acknowledged cursor on. */
  async #read(): Promise<JournalFault | undefined> {
    // What an earlier run sent and was refused is sent again: begins at what is acknowledged.
    const flights = this.#flights = new Flights(this.#flights.cursor);
    const from = flights.cursor;
    const failed = new AbortController();
    const signal = AbortSignal.any([this.#end.signal, failed.signal]);
    const reader = new ExportReader(WANTED_FIELDS);
    const chunks = new Chunks((chunk) => this.#send(chunk, flights, failed));
    const fault = await follow(this.#options, from, signal, async (bytes) => {
      reader.push(bytes, (entry) => {
        const place = placeOf(entry);
        if (place === undefined) return;
        this.#readMs = place.timeMs;
        if (place.cursor === from) return; // the one that was acknowledged last
        if (entry.cut) this.#cut.inc();
        chunks.add(entry, place);
      });
      chunks.flush();
      this.#fault = undefined;
      await flights.below(FLIGHT_BYTES_MAX, signal);
    });
    await flights.below(0, this.#end.signal);
    return fault;
  }

  #send(chunk: Chunk, flights: Flights, failed: AbortController): void {
    const { topic, directory, clock } = this.#options;
    const { bytes, marks, lines } = chunk.lines.take();
    const key = chunk.row;
    let generation = this.#generations.get(key);
    if (generation === undefined) {
      if (this.#generations.size > 1000) this.#generations.clear();
      this.#generations.set(key, generation = generationOf(this.#id, key));
    }
    const sent = this.#sink!.send({
      topic,
      generation,
      path: directory === "" ? "journal" : `journal:${directory}`,
      host: chunk.host === "" ? this.#options.host : chunk.host,
      start: chunk.start,
      end: chunk.start + lines * ENTRY_LENGTH,
      bytes,
      marks,
      lines,
      day: dayOf(clock.wallMs()),
      tz: "UTC",
    });
    flights.add(chunk.cursor, bytes.length, sent.then(() => this.#entries.inc(lines)), () => {
      failed.abort();
    });
  }

  async #saveLoop(): Promise<void> {
    while (!this.#end.signal.aborted) {
      await this.#options.clock.sleep(SAVE_MS, this.#end.signal);
      await this.#save();
    }
  }

  async #save(): Promise<void> {
    const { cursor } = this.#flights;
    if (cursor === this.#saved) return;
    const { files, state } = this.#options;
    try {
      await saveState(files, state, { id: this.#id, cursor });
      this.#saved = cursor;
    } catch (error) {
      this.#log.error("Cannot write the journal's checkpoint; entries are read again later", {
        reason: messageOf(error),
      });
    }
  }

  async stop(deadlineMs: number): Promise<void> {
    this.#end.abort();
    await this.#sink?.stop(deadlineMs * 0.8);
    await Promise.all(this.#loops);
    await this.#save();
  }

  /** For /api/status and /api/sources. */
  status() {
    return {
      path: this.#options.directory === "" ? "journal" : `journal:${this.#options.directory}`,
      topic: this.#options.topic,
      cursor: this.#flights.cursor,
      readMs: this.#readMs,
      ...(this.#fault && { fault: this.#fault }),
    };
  }
}

/** Consecutive entries of one row and host. */
interface Chunk {
  row: string;
  host: string;
  start: number;
  next: number;
  cursor: string;
  lines: JournalLines;
}

/** Gathers entries into chunks: a new one where the row, the host or the count does not go on. */
class Chunks {
  readonly #send: (chunk: Chunk) => void;
  readonly #lines = new JournalLines();
  #chunk: Chunk | undefined;

  constructor(send: (chunk: Chunk) => void) {
    this.#send = send;
  }

  add(entry: ExportEntry, place: JournalPlace): void {
    const host = textOf(entry, "_HOSTNAME");
    const chunk = this.#chunk;
    const fits = chunk !== undefined && chunk.row === place.row && chunk.host === host &&
      chunk.next === place.number && chunk.lines.length < CHUNK_BYTES;
    if (!fits) {
      this.flush();
      const start = place.number;
      this.#chunk = { row: place.row, host, start, next: start, cursor: "", lines: this.#lines };
    }
    this.#lines.add(entry);
    this.#chunk!.next = place.number + ENTRY_LENGTH;
    this.#chunk!.cursor = place.cursor;
  }

  flush(): void {
    if (this.#chunk !== undefined) this.#send(this.#chunk);
    this.#chunk = undefined;
  }
}
