/**
 * Lines of the index and of the archive in one order, each once: a line that is in both is the index's. Hands out as
 * far as both are known.
 */
import type { Document } from "../../core/ports/document_store.ts";
import { compareLines } from "../elastic/order.ts";
import type { ScanEvent } from "./scan.ts";

/** Goes on as the scan goes; "limit" where both together have as many lines. */
export async function* withIndex(
  index: AsyncIterable<Document[]>,
  scan: AsyncIterable<ScanEvent>,
  { order, limit }: { order: "newest" | "oldest"; limit: number },
): AsyncGenerator<ScanEvent> {
  const sign = order === "newest" ? -1 : 1;
  const lines = new Lines(index), seen = new Set<string>();
  let held: Document[] = [], left = limit, lastMs: number | undefined;
  const fresh = (document: Document) => {
    const key = `${document.topic} ${document._id}`;
    return !seen.has(key) && seen.add(key) !== undefined;
  };
  /** What stands before a time in both; undefined: all. Those of the index are taken first. */
  const upTo = async (ms: number | undefined): Promise<Document[]> => {
    const before = (document: Document) => ms === undefined || sign * (timeOf(document) - ms) < 0;
    const some = (await lines.take(before, left)).filter(fresh);
    const count = held.findIndex((document) => !before(document));
    some.push(...held.splice(0, count < 0 ? held.length : count).filter(fresh));
    some.sort((a, b) => sign * compareLines(placed(a), placed(b)));
    const ready = some.slice(0, left);
    left -= ready.length;
    return ready;
  };
  try {
    for await (const event of scan) {
      if (event.kind === "documents") {
        held = held.concat(event.documents);
        lastMs = timeOf(event.documents.at(-1)!);
        continue;
      }
      // Of what stands behind its last line a scan that has its number of lines says nothing.
      const ms = event.kind === "reached"
        ? event.ms
        : event.why === "limit" && lastMs !== undefined
        ? lastMs + sign
        : undefined;
      const cut = event.kind === "end" && event.why === "bytes";
      const ready = cut ? [] : await upTo(ms);
      if (ready.length > 0) yield { kind: "documents", documents: ready };
      if (left === 0) return yield { kind: "end", why: "limit" };
      yield event;
      if (event.kind === "end") return;
    }
  } finally {
    await lines.close();
  }
}

/** Lines of the index, taken as far as they are wanted. */
class Lines {
  readonly #iterator: AsyncIterator<Document[]>;
  #page: Document[] = [];
  #at = 0;

  constructor(lines: AsyncIterable<Document[]>) {
    this.#iterator = lines[Symbol.asyncIterator]();
  }

  /** @param max at most so many */
  async take(wanted: (document: Document) => boolean, max: number): Promise<Document[]> {
    const taken: Document[] = [];
    while (taken.length < max) {
      while (this.#at === this.#page.length) {
        const { done, value } = await this.#iterator.next();
        if (done === true) return taken;
        this.#page = value;
        this.#at = 0;
      }
      if (!wanted(this.#page[this.#at])) return taken;
      taken.push(this.#page[this.#at++]);
    }
    return taken;
  }

  async close(): Promise<void> {
    await this.#iterator.return?.();
  }
}

const timeOf = (document: Document) => Date.parse(document["@timestamp"]);
const placed = (document: Document) => ({ timeMs: timeOf(document), document });
