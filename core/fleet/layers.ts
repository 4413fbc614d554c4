/**
 * What a host is told, out of the keys that concern it: its own and those of its groups, with a candidate in the place
 * of the key that it would replace. Promises: a key that vanished without its deletion having been seen keeps its last
 * value; in a store that went back in time only what is written afterwards counts; a candidate ends with its key, or at
 * its deadline by this host's own clock.
 */
import { decodeCandidate } from "./candidate_schema.ts";

/** One key as it was read. */
export interface RawKey {
  key: string;
  /** Null where there is no such key. */
  text: string | null;
  /** Of the key's last change; 0 where there is none. */
  revision: number;
}

export interface RawState {
  clusterId: string;
  /** Of the whole store at the time of reading. */
  storeRevision: number;
  /** Configuration keys, in their order. */
  keys: readonly RawKey[];
  /** Candidate keys, one for each configuration key, in the same order. */
  candidates: readonly RawKey[];
  /** False where no key at all is left under the configuration's prefix. */
  surroundings: boolean;
}

export interface Layer {
  key: string;
  text: string;
  revision: number;
}

export interface Resolved {
  /** Undefined where no key has ever been there. */
  layers: Layer[] | undefined;
  /** True where the last key was deleted and its deletion was seen. */
  deleted: boolean;
  /** Id of the candidate in force; empty: none. */
  candidate: string;
  /** Keys whose last value is kept although the store has none, or an older one. */
  kept: string[];
  /** Ms until a candidate ends by itself; Infinity without one. */
  expiresMs: number;
}

export class Layers {
  readonly #id: string;
  readonly #known = new Map<string, { text: string | null; revision: number }>();
  /** Keys whose deletion was seen since they had a value. */
  readonly #deleted = new Set<string>();
  readonly #seen = new Map<string, number>();
  #clusterId = "";
  #storeRevision = 0;
  #settledRevision = 0;
  /** In a store that went back, changes up to this revision are old. */
  #floor = 0;
  readonly #kept = new Set<string>();
  #state: RawState | undefined;
  #everDeleted = false;

  /** @param id of this agent, as candidates name it */
  constructor(id: string) {
    this.#id = id;
  }

  /** The store's revision as of the last state; 0 before the first. */
  get storeRevision(): number {
    return this.#storeRevision;
  }

  /**
   * Up to here nothing is left to be told: a watch that begins behind it still sees the deletion of every key that is
   * kept. 0 before the first state.
   */
  get settledRevision(): number {
    return this.#settledRevision;
  }

  /** A watch saw that the key was deleted. */
  sawDeletion(key: string): void {
    this.#deleted.add(key);
  }

  /** Takes what was read. Returns false where the store is another one, or went back in time. */
  take(state: RawState): boolean {
    const first = this.#clusterId === "";
    const went = !first &&
      (state.clusterId !== this.#clusterId || state.storeRevision < this.#storeRevision);
    if (went) {
      this.#floor = state.storeRevision;
      this.#deleted.clear();
    }
    this.#clusterId = state.clusterId;
    this.#storeRevision = state.storeRevision;
    this.#state = state;
    if (!state.surroundings) this.#deleted.clear(); // for good: what is written later does not make them count
    for (const raw of state.keys) this.#takeKey(raw);
    if (this.#kept.size === 0 || went || !state.surroundings) {
      this.#settledRevision = state.storeRevision;
    }
    return !went;
  }

  #takeKey(raw: RawKey): void {
    const known = this.#known.get(raw.key);
    if (known === undefined || known.text === null) {
      if (raw.text !== null || known === undefined) this.#set(raw);
      return;
    }
    if (raw.text !== null) {
      if (raw.revision > this.#floor || raw.text === known.text) this.#set(raw);
      else this.#kept.add(raw.key);
      return;
    }
    if (this.#deleted.has(raw.key)) {
      this.#everDeleted = true;
      this.#set(raw);
    } else this.#kept.add(raw.key);
  }

  #set({ key, text, revision }: RawKey): void {
    this.#known.set(key, { text, revision });
    this.#kept.delete(key);
    this.#deleted.delete(key);
  }

  /** What holds now. @param nowMs monotonic */
  resolve(nowMs: number): Resolved {
    const layers: Layer[] = [];
    let candidate = "", expiresMs = Infinity;
    const keys = this.#state?.keys ?? [];
    for (const [i, { key }] of keys.entries()) {
      const own = this.#known.get(key)!;
      const found = this.#candidate(this.#state!.candidates[i], own.revision, nowMs);
      if (found !== undefined) {
        candidate = found.id;
        if (own.text === null) this.#everDeleted = true; // where it ends, nothing is what is wanted
        expiresMs = Math.min(expiresMs, found.leftMs);
        layers.push({ key, text: found.text, revision: found.revision });
      } else if (own.text !== null) layers.push({ key, text: own.text, revision: own.revision });
    }
    const nothing = layers.length === 0 && !this.#everDeleted;
    return {
      layers: nothing ? undefined : layers,
      deleted: this.#everDeleted,
      candidate,
      kept: [...this.#kept],
      expiresMs,
    };
  }

  #candidate(raw: RawKey, base: number, nowMs: number) {
    if (raw.text === null) return undefined;
    const candidate = decodeCandidate(raw.text);
    if (candidate === undefined || !candidate.canaries.includes(this.#id)) return undefined;
    if (candidate.base !== base) return undefined; // made for another value: it could never be promoted
    if (this.#seen.size > 1000) this.#seen.clear();
    if (!this.#seen.has(candidate.id)) this.#seen.set(candidate.id, nowMs);
    const leftMs = this.#seen.get(candidate.id)! + candidate.seconds * 1000 - nowMs;
    if (leftMs <= 0) return undefined;
    return { id: candidate.id, text: candidate.text, revision: raw.revision, leftMs };
  }
}
