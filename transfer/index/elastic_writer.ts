/**
 * The DocumentWriter over Elasticsearch: `_bulk` with `create`, one outcome a document. It promises
 * what the port says, and that nothing is written before the index template is there. A body that
 * is too large is halved until the one document is found that is; one document a bulk that existed
 * before is fetched and compared.
 */
import { Buffer } from "node:buffer";
import type { Client } from "@elastic/elasticsearch";
import { messageOf, WeirError } from "../../core/errors.ts";
import { logOf } from "../../core/log.ts";
import type { LogRecord, WriteOutcome } from "../../core/ports/document_store.ts";
import type { RowRange, RowWriter } from "../deliver/row_writer.ts";
import { KafkaRecord, type Origin } from "../consume/record_rows.ts";
import { type BulkAnswer, sortBulkAnswer } from "./bulk_answer.ts";
import { BulkBody } from "./bulk_body.ts";
import { JSON_HEADERS, LINES_HEADERS } from "./client.ts";
import { DocumentEncoder, type DocumentShape } from "./document.ts";
import type { IndexNames, IndexTarget } from "./names.ts";
import { installTemplate, type TemplateOptions } from "./template.ts";

/** All of the answer that is looked at. */
const BULK_PATH = "/_bulk";
const CREATED: WriteOutcome = { result: "created" };
/** Faults that are a single topic's. */
const OF_TOPIC: ReadonlySet<string> = new Set(["INDEX_NAME_UNREADABLE", "ES_TEMPLATE_REFUSED"]);
const TEMPLATES_KEPT = 10_000;
const BULK_QUERY = { filter_path: "items.create.status,items.create.error" };

/** What is done with the documents of a topic, as of now. */
export interface WriterPlan {
  shape: DocumentShape;
  /** The index template that has to be there first; undefined: none. */
  template: TemplateOptions | undefined;
}

export interface WriterEvents {
  /** Lines that the way of reading of their topic did not fit. */
  unfit?(count: number): void;
  /** From the oldest line's own time to the answer that it is written, in one bulk request; not below 0. */
  lineDelay?(ms: number): void;
  /** Byte sequences that were no UTF-8. */
  invalidUtf8?(count: number): void;
  /**
   * A document that was there before under the same id, compared: false where it says something
   * else.
   */
  compared?(same: boolean): void;
}

interface Target {
  record: LogRecord;
  target: IndexTarget;
  shape: DocumentShape;
}

/** Rows that go to the same index. */
interface Part extends RowRange {
  target: IndexTarget;
  shape: DocumentShape;
}

/** Rows whose index cannot be had now, which says nothing of others. */
interface Held extends RowRange {
  held: WriteOutcome;
}

export class ElasticWriter implements RowWriter {
  readonly #client: Client;
  readonly #names: IndexNames;
  readonly #plan: (topic: string) => WriterPlan;
  readonly #events: WriterEvents;
  readonly #encoder = new DocumentEncoder();
  readonly #bodies: BulkBody[] = [];
  readonly #log = logOf("transfer.index");
  /** Templates by pattern and body: those that are installed, and those that are being. */
  readonly #prepared = new Map<string, Promise<void>>();

  /** `plan` is asked for each topic of each bulk request: its answer may change. */
  constructor(
    client: Client,
    names: IndexNames,
    plan: (topic: string) => WriterPlan,
    events: WriterEvents = {},
  ) {
    this.#client = client;
    this.#names = names;
    this.#plan = plan;
    this.#events = events;
  }

  async write(records: readonly LogRecord[]): Promise<WriteOutcome[]> {
    if (records.length === 0) return [];
    const targets = await this.#targets(records);
    const outcomes: WriteOutcome[] = new Array(records.length);
    await this.#send(targets, 0, targets.length, outcomes);
    return outcomes;
  }

  async writeRows(ranges: readonly RowRange[]): Promise<"created" | WriteOutcome[]> {
    const pieces = await this.#pieces(ranges);
    const parts = pieces.filter((piece) => !("held" in piece)) as Part[];
    if (parts.length === pieces.length) return await this.#writeParts(parts);
    const found = parts.length === 0 ? [] : await this.#writeParts(parts), all: WriteOutcome[] = [];
    let next = 0;
    for (const piece of pieces) {
      for (let i = piece.from; i < piece.to; i++) {
        if ("held" in piece) all.push(piece.held);
        else all.push(found === "created" ? CREATED : found[next++]);
      }
    }
    return all;
  }

  async #writeParts(parts: readonly Part[]): Promise<"created" | WriteOutcome[]> {
    const count = parts.reduce((sum, { from, to }) => sum + to - from, 0);
    const row = new KafkaRecord();
    const answer = await this.#sendBody(count, (body, ingested) => {
      for (const { rows, from, to, target, shape } of parts) {
        body.lines(rows.bytes, rows.values[to * 2 - 1]);
        for (let i = from; i < to; i++) {
          this.#encoder.append(body, row.load(rows, i), target, shape, ingested);
        }
      }
    });
    if (answer.kind === "again") throw retriable(answer.code, answer.reason, answer.auth);
    if (answer.kind === "created") return "created";
    if (answer.kind === "items") {
      if (answer.exists >= 0) await this.#compare(targetAt(parts, answer.exists));
      return answer.outcomes;
    }
    const outcomes: WriteOutcome[] = new Array(count);
    await this.#split(targetsOf(parts), 0, count, outcomes, answer);
    return outcomes;
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  #prepare(template: TemplateOptions): Promise<void> {
    const key = JSON.stringify(template);
    let prepared = this.#prepared.get(key);
    if (prepared === undefined) {
      prepared = installTemplate(this.#client, template).catch((error) => {
        this.#prepared.delete(key);
        throw error;
      });
      if (this.#prepared.size >= TEMPLATES_KEPT) this.#prepared.clear();
      this.#prepared.set(key, prepared);
    }
    return prepared;
  }

  async #targets(records: readonly LogRecord[]): Promise<Target[]> {
    const targets: Target[] = new Array(records.length);
    let topic: string | undefined, day = "", target!: IndexTarget, plan!: WriterPlan;
    for (let i = 0; i < records.length; i++) {
      const record = records[i];
      if (record.topic !== topic || record.day !== day) {
        if (record.topic !== topic) {
          plan = this.#plan(record.topic);
          if (plan.template !== undefined) await this.#prepare(plan.template);
        }
        const found = this.#names.targetOf(record.topic, record.day);
        target = found instanceof Promise ? await found : found;
        topic = record.topic;
        day = record.day;
      }
      targets[i] = { record, target, shape: plan.shape };
    }
    return targets;
  }

  /**
   * What goes where, in order. Of a topic that cannot be written now the rows are held, and stop no other; what is
   * wrong with Elasticsearch itself rejects.
   */
  async #pieces(ranges: readonly RowRange[]): Promise<(Part | Held)[]> {
    const pieces: (Part | Held)[] = [];
    for (const { rows, from, to } of ranges) {
      const plan = this.#plan(rows.topic);
      try {
        if (plan.template !== undefined) await this.#prepare(plan.template);
      } catch (error) {
        pieces.push({ rows, from, to, held: heldBy(error) });
        continue;
      }
      for (let at = from; at < to;) {
        const { day } = rows.origins[at], begin = at;
        let origin: Origin | undefined;
        while (at < to && (rows.origins[at] === origin || rows.origins[at].day === day)) {
          origin = rows.origins[at++];
        }
        try {
          const found = this.#names.targetOf(rows.topic, day);
          const target = found instanceof Promise ? await found : found;
          pieces.push({ rows, from: begin, to: at, target, shape: plan.shape });
        } catch (error) {
          pieces.push({ rows, from: begin, to: at, held: heldBy(error) });
        }
      }
    }
    return pieces;
  }

  /** Sends `targets[from..to)` and fills their outcomes; rejects where nothing is known of any. */
  async #send(
    targets: Target[],
    from: number,
    to: number,
    outcomes: WriteOutcome[],
  ): Promise<void> {
    const answer = await this.#sendBody(to - from, (body, ingested) => {
      for (let i = from; i < to; i++) {
        const { record, target, shape } = targets[i];
        this.#encoder.append(body, record, target, shape, ingested);
      }
    });
    if (answer.kind === "again") throw retriable(answer.code, answer.reason, answer.auth);
    if (answer.kind === "split") return this.#split(targets, from, to, outcomes, answer);
    if (answer.kind === "created") return void outcomes.fill(CREATED, from, to);
    for (let i = from; i < to; i++) outcomes[i] = answer.outcomes[i - from];
    if (answer.exists >= 0) await this.#compare(targets[from + answer.exists]);
  }

  /** Writes a body and sends it; rejects where nobody answered. */
  async #sendBody(
    count: number,
    fill: (body: BulkBody, ingested: string) => void,
  ): Promise<BulkAnswer> {
    const body = this.#bodies.pop() ?? new BulkBody(65_536, true);
    try {
      body.begin();
      const { unfit } = this.#encoder;
      this.#encoder.oldestMs = Infinity;
      fill(body, new Date().toISOString());
      const { oldestMs } = this.#encoder;
      if (this.#encoder.unfit > unfit) this.#events.unfit?.(this.#encoder.unfit - unfit);
      if (body.invalid > 0) this.#events.invalidUtf8?.(body.invalid);
      const answer = await this.#bulk(body.take(), count);
      if (answer.kind === "created" && oldestMs < Infinity) {
        this.#events.lineDelay?.(Math.max(0, Date.now() - oldestMs));
      }
      return answer;
    } finally {
      this.#bodies.push(body);
    }
  }

  /** The body of `targets[from..to)` was refused as a whole: its halves, or the one that it was. */
  async #split(
    targets: Target[],
    from: number,
    to: number,
    outcomes: WriteOutcome[],
    { code, reason }: { code: string; reason: string },
  ): Promise<void> {
    if (to - from === 1) {
      outcomes[from] = { result: "rejected", code, reason };
      return;
    }
    const middle = (from + to) >> 1;
    await this.#send(targets, from, middle, outcomes);
    try {
      await this.#send(targets, middle, to, outcomes);
    } catch (error) {
      // The first half is known: only the rest is tried again.
      const { code, message, hint } = error as WeirError;
      for (let i = middle; i < to; i++) {
        outcomes[i] ??= { result: "retry", code: code ?? "ES_FAILED", reason: message, hint };
      }
    }
  }

  async #bulk(body: Uint8Array, count: number): Promise<BulkAnswer> {
    try {
      const result = await this.#client.transport.request({
        method: "POST",
        path: BULK_PATH,
        querystring: BULK_QUERY,
        bulkBody: Buffer.from(body.buffer, body.byteOffset, body.byteLength) as never,
      }, { headers: LINES_HEADERS, meta: true });
      return sortBulkAnswer(result.statusCode ?? 0, result.body, count);
    } catch (error) {
      const { name, meta } = error as { name?: string; meta?: any };
      if (name === "ResponseError") return sortBulkAnswer(meta.statusCode, meta.body, count);
      throw transportError(error);
    }
  }

  /**
   * Two lives with one id would make the index keep the older line and lose the newer: that must be
   * seen.
   */
  async #compare({ record, target: { index, dataStream } }: Target): Promise<void> {
    // Which of its indices holds the document is not known of a data stream.
    if (dataStream === true) return;
    try {
      const found: any = await this.#client.transport.request({
        method: "GET",
        path: `/${encodeURIComponent(index)}/_doc/${encodeURIComponent(record.uid)}`,
        querystring: { _source_includes: "message,data,topic" },
      }, { headers: JSON_HEADERS });
      const source = found._source ?? {};
      const same = source.topic === record.topic &&
        (source.message ?? source.data) === new TextDecoder("utf-8", { ignoreBOM: true })
            .decode(record.value);
      this.#events.compared?.(same);
      if (!same) {
        this.#log.error("Another document has the same id", { index, uid: record.uid });
      }
    } catch (error) {
      // Only a check: the document is there, whatever became of the question.
      this.#log.debug("Cannot compare", { index, uid: record.uid, reason: messageOf(error) });
    }
  }
}

/** The outcome of rows whose template or name was refused; throws what is wrong with more than their topic. */
function heldBy(error: unknown): WriteOutcome {
  if (!(error instanceof WeirError) || !OF_TOPIC.has(error.code)) throw error;
  return { result: "retry", code: error.code, reason: error.message, hint: error.hint };
}

/** The document at that place of a bulk request. */
function targetAt(parts: readonly Part[], at: number): Target {
  let left = at;
  for (const { rows, from, to, target, shape } of parts) {
    if (left < to - from) return { record: rows.record(from + left), target, shape };
    left -= to - from;
  }
  throw new RangeError(`No document ${at}`);
}

function targetsOf(parts: readonly Part[]): Target[] {
  const targets: Target[] = [];
  for (const { rows, from, to, target, shape } of parts) {
    for (let row = from; row < to; row++) {
      targets.push({ record: rows.record(row), target, shape });
    }
  }
  return targets;
}

/** Anything that the client threw without an HTTP answer, as a retriable WeirError. */
export function transportError(error: unknown): WeirError {
  switch ((error as Error).name) {
    case "DeserializationError":
      return retriable("ES_ANSWER_BROKEN", messageOf(error), false);
    case "TimeoutError":
      return retriable("ES_TIMEOUT", messageOf(error), false);
    case "ProductNotSupportedError":
      return retriable("ES_NOT_ELASTICSEARCH", messageOf(error), false);
    default:
      return retriable("ES_UNREACHABLE", messageOf(error), false);
  }
}

function retriable(code: string, reason: string, auth: boolean): WeirError {
  return new WeirError(code, `Cannot write to Elasticsearch: ${reason}`, {
    retriable: true,
    hint: auth
      ? "Check the API key or user, and that it may create documents and indices here."
      : "It is tried again until it succeeds; nothing is committed meanwhile.",
  });
}
