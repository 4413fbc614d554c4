/**
 * Port: where a program is told what to do while it runs. Adapters: etcd, a local file, memory, the simulator's.
 *
 * Promises:
 *  - `read` gives the value as of now, or rejects with a WeirError (retriable while the source is away).
 *  - `watch` calls `changed` for every state that lasts, in order, never with an older revision after a newer;
 *    states that came and went between two looks may be left out. A lost connection is mended by the source
 *    itself, and a full re-read follows it: after any outage the last state is delivered.
 *  - A deletion is reported with `text: null` and `deleted: true` only where it was seen as an event of its
 *    own. A key that vanished together with its surroundings (wiped, restored or replaced store) is reported
 *    with `deleted: false`: callers keep what they have, and raise an alarm.
 *  - After a failure was told, the state is delivered again once the source answers, changed or not.
 *  - The text is passed on as it is: checking it is the caller's work.
 */
export interface ConfigSource {
  /** Where it comes from, for status and errors: "etcd /logagent/10.0.0.7/collect_config". */
  readonly name: string;
  read(): Promise<ConfigSnapshot>;
  /** Watches until `signal` aborts; resolves then. `failed` hears of outages, at most once a second. */
  watch(
    changed: (snapshot: ConfigSnapshot) => void,
    failed: (error: Error) => void,
    signal: AbortSignal,
  ): Promise<void>;
  close(): Promise<void>;
}

export interface ConfigSnapshot {
  /** The value, or null where there is none. */
  text: string | null;
  /** Grows with each change: etcd's revision, a file's change time in ms. */
  revision: number;
  /** True only where the deletion itself was seen. */
  deleted: boolean;
  /** Where the value is made of several keys: each of them, in order; `text` then holds them all in one. */
  layers?: readonly ConfigLayer[];
  /** Id of the candidate that is part of the value: it may be taken back at any time. @default {""} */
  candidate?: string;
}

export interface ConfigLayer {
  /** For errors: "etcd /logagent/group/web/collect_config". */
  name: string;
  key: string;
  text: string;
  revision: number;
}
