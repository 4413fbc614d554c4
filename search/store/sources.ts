/**
 * Where lines came from, and which bytes of it are stored. A stream is a file's life in a topic:
 * its stored ranges make every line stored once, whatever is sent again and in whatever order; its
 * state is what reading the next line needs. A source is a stream with host, path and static
 * fields. Changes are written by `flush`, in the transaction of the lines; after a rollback
 * `forget` drops what was not written.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { type EventState, newEventState } from "../../core/reading/event_state.ts";

export interface Stream {
  readonly id: number;
  readonly topic: string;
  readonly generation: string;
  /** What its next line needs to know of those before it. */
  state: EventState;
  /** Start and end of the last stored range; both 0 where nothing is stored. */
  start: number;
  end: number;
  dirty: boolean;
}

export interface Source {
  readonly id: number;
  readonly stream: Stream;
  readonly host: string;
  readonly path: string;
  readonly fields: Readonly<Record<string, string>> | undefined;
}

const STREAMS_KEPT = 4096;
const SOURCES_KEPT = 16_384;

export class Sources {
  #streams = new Map<string, Stream>();
  #sources = new Map<string, Source>();
  #byId = new Map<number, Source>();
  #dirty = new Set<Stream>();
  readonly #sql: Record<string, StatementSync>;

  constructor(database: DatabaseSync) {
    const prepare = (sql: string) => database.prepare(sql);
    this.#sql = {
      stream: prepare("SELECT id, state FROM streams WHERE topic=? AND generation=?"),
      streamById: prepare("SELECT topic, generation FROM streams WHERE id=?"),
      addStream: prepare("INSERT INTO streams (topic, generation, state) VALUES (?,?,?)"),
      saveState: prepare("UPDATE streams SET state=? WHERE id=?"),
      last: prepare("SELECT start, end FROM ranges WHERE stream=? ORDER BY start DESC LIMIT 1"),
      before: prepare(
        "SELECT end FROM ranges WHERE stream=? AND start<=? ORDER BY start DESC LIMIT 1",
      ),
      touched: prepare("SELECT start, end FROM ranges WHERE stream=? AND start<=? AND end>=?"),
      saveRange: prepare("INSERT OR REPLACE INTO ranges (stream, start, end) VALUES (?,?,?)"),
      dropRange: prepare("DELETE FROM ranges WHERE stream=? AND start=?"),
      source: prepare("SELECT id FROM sources WHERE stream=? AND host=? AND path=? AND fields=?"),
      sourceById: prepare("SELECT stream, host, path, fields FROM sources WHERE id=?"),
      addSource: prepare("INSERT INTO sources (stream, host, path, fields) VALUES (?,?,?,?)"),
    };
  }

  /** The stream, made where `make` says so. */
  stream(topic: string, generation: string, make: true): Stream;
  stream(topic: string, generation: string, make?: boolean): Stream | undefined;
  stream(topic: string, generation: string, make = false): Stream | undefined {
    const key = `${generation} ${topic}`;
    const known = this.#streams.get(key);
    if (known !== undefined) return known;
    let row = this.#sql.stream.get(topic, generation) as { id: number; state: string } | undefined;
    if (row === undefined) {
      if (!make) return undefined;
      const state = JSON.stringify(newEventState());
      row = {
        id: Number(this.#sql.addStream.run(topic, generation, state).lastInsertRowid),
        state,
      };
    }
    const last = this.#sql.last.get(row.id) as { start: number; end: number } | undefined;
    const stream: Stream = {
      id: row.id,
      topic,
      generation,
      state: JSON.parse(row.state),
      start: last?.start ?? 0,
      end: last?.end ?? 0,
      dirty: false,
    };
    if (this.#streams.size >= STREAMS_KEPT) this.#shrink();
    this.#streams.set(key, stream);
    return stream;
  }

  /** Drops the clean half of the streams, and the sources, which hold streams. */
  #shrink(): void {
    let left = STREAMS_KEPT / 2;
    for (const [key, stream] of this.#streams) {
      if (left === 0) break;
      if (stream.dirty) continue;
      this.#streams.delete(key);
      left--;
    }
    this.#sources.clear();
    this.#byId.clear();
  }

  source(
    stream: Stream,
    host: string,
    path: string,
    fields: Readonly<Record<string, string>> | undefined,
  ): Source {
    const text = fields === undefined ? "" : JSON.stringify(fields);
    const key = `${stream.id} ${host} ${path} ${text}`;
    const known = this.#sources.get(key);
    if (known !== undefined) return known;
    const row = this.#sql.source.get(stream.id, host, path, text) as { id: number } | undefined;
    const id = row?.id ??
      Number(this.#sql.addSource.run(stream.id, host, path, text).lastInsertRowid);
    const source = { id, stream, host, path, fields };
    if (this.#sources.size >= SOURCES_KEPT) this.#sources.clear();
    this.#sources.set(key, source);
    return source;
  }

  /** The source of a stored line. */
  byId(id: number): Source {
    const known = this.#byId.get(id);
    if (known !== undefined) return known;
    const row = this.#sql.sourceById.get(id) as
      | { stream: number; host: string; path: string; fields: string }
      | undefined;
    if (row === undefined) throw new Error(`Invariant broken: a block names source ${id}`);
    const { topic, generation } = this.#sql.streamById.get(row.stream) as {
      topic: string;
      generation: string;
    };
    const source: Source = {
      id,
      stream: this.stream(topic, generation, true),
      host: row.host,
      path: row.path,
      fields: row.fields === "" ? undefined : JSON.parse(row.fields),
    };
    if (this.#byId.size >= SOURCES_KEPT) this.#byId.clear();
    this.#byId.set(id, source);
    return source;
  }

  /** True where every byte of the range is stored. */
  covers(stream: Stream, start: number, end: number): boolean {
    if (end > stream.end) return false;
    if (start >= stream.start) return true;
    const before = this.#sql.before.get(stream.id, start) as { end: number } | undefined;
    return before !== undefined && before.end >= end;
  }

  /** Notes that the range is stored. Returns true where part of it was already. */
  take(stream: Stream, start: number, end: number): boolean {
    this.touch(stream);
    if (start >= stream.start && start <= stream.end) {
      const overlaps = start < stream.end;
      stream.end = Math.max(stream.end, end);
      return overlaps;
    }
    this.#saveRange(stream);
    if (start > stream.end) {
      stream.start = start;
      stream.end = end;
      return false;
    }
    return this.#join(stream, start, end);
  }

  /** A range that begins before the last one: joined with all that it touches. */
  #join(stream: Stream, start: number, end: number): boolean {
    const touched = this.#sql.touched.all(stream.id, end, start) as {
      start: number;
      end: number;
    }[];
    let from = start, to = end, overlaps = false;
    for (const range of touched) {
      if (range.start < end && range.end > start) overlaps = true;
      from = Math.min(from, range.start);
      to = Math.max(to, range.end);
      this.#sql.dropRange.run(stream.id, range.start);
    }
    this.#sql.saveRange.run(stream.id, from, to);
    const last = this.#sql.last.get(stream.id) as { start: number; end: number };
    stream.start = last.start;
    stream.end = last.end;
    return overlaps;
  }

  #saveRange(stream: Stream): void {
    if (stream.end <= stream.start) return;
    this.#sql.saveRange.run(stream.id, stream.start, stream.end);
  }

  /** Says that the state of a stream changed. */
  touch(stream: Stream): void {
    if (stream.dirty) return;
    stream.dirty = true;
    this.#dirty.add(stream);
  }

  /** Writes what changed; within the transaction of the lines. */
  flush(): void {
    for (const stream of this.#dirty) {
      this.#saveRange(stream);
      this.#sql.saveState.run(JSON.stringify(stream.state), stream.id);
      stream.dirty = false;
    }
    this.#dirty.clear();
  }

  /** Drops everything kept in memory: after a rollback. */
  forget(): void {
    this.#streams.clear();
    this.#sources.clear();
    this.#byId.clear();
    this.#dirty.clear();
  }
}
