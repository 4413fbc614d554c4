/**
 * Names and formats that hold once they are decided: the first transfer that needs a topic and day
 * writes its answer, create-only, into a store that all transfers share, and everybody else takes
 * it from there. So a replay after a changed setting, at midnight or on another host goes where the
 * lines went before; a change holds from the next day.
 */
import { WeirError } from "../../core/errors.ts";
import type { IndexNames, IndexTarget } from "./names.ts";

const KNOWN_MAX = 10_000;

/** A store of decisions, shared by all transfers. */
export interface Decisions {
  /**
   * Writes `value` where the key has none; returns the value that the key has then. Rejects with a
   * retriable WeirError.
   */
  decide(key: string, value: string): Promise<string>;
}

/** IndexNames whose answers are kept in a store; `wanted` says what is decided where nothing is. */
export class FixedNames implements IndexNames {
  readonly #wanted: IndexNames;
  readonly #decisions: Decisions;
  readonly #known = new Map<string, IndexTarget>();
  readonly #asking = new Map<string, Promise<IndexTarget>>();

  constructor(wanted: IndexNames, decisions: Decisions) {
    this.#wanted = wanted;
    this.#decisions = decisions;
  }

  dayFor(topic: string, day: string): string {
    return this.#wanted.dayFor(topic, day);
  }

  targetOf(topic: string, asked: string): IndexTarget | Promise<IndexTarget> {
    const day = this.dayFor(topic, asked);
    const key = `${topic}/${day}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    let asking = this.#asking.get(key);
    if (asking === undefined) {
      asking = this.#decide(key, topic, day).finally(() => this.#asking.delete(key));
      this.#asking.set(key, asking);
    }
    return asking;
  }

  async #decide(key: string, topic: string, day: string): Promise<IndexTarget> {
    const text = await this.#decisions.decide(
      key,
      JSON.stringify(await this.#wanted.targetOf(topic, day)),
    );
    const target = parse(text);
    if (target === undefined) {
      throw new WeirError("INDEX_NAME_UNREADABLE", `Cannot read what is decided for ${key}`, {
        hint: "Delete that key: it is decided anew, and lines that are replayed may come twice.",
        retriable: true,
      });
    }
    if (this.#known.size >= KNOWN_MAX) this.#known.clear();
    this.#known.set(key, target);
    return target;
  }
}

function parse(text: string): IndexTarget | undefined {
  try {
    const { index, document, dataStream } = JSON.parse(text);
    const fits = typeof index === "string" && index !== "" &&
      (document === "full" || document === "minimal");
    if (!fits) return undefined;
    return dataStream === true ? { index, document, dataStream } : { index, document };
  } catch {
    return undefined; // said by the caller, with the key
  }
}
