/**
 * What an operator changes in etcd: a target's value, with its history. Promises: a change is one transaction on the
 * revision that it was made from, refused where somebody was faster; each keeps who, when, why and the value before; a
 * change that nobody's command made is recorded as by `unknown` as soon as anybody looks.
 */
import type { Etcd3 } from "etcd3";
import { z } from "zod";
import { WeirError } from "../errors.ts";
import { bounded } from "../etcd/bounded.ts";
import { etcdError } from "../etcd/client.ts";
import { systemClock } from "../ports/clock.ts";
import { HISTORY_PREFIX, type KeyTemplates, type Target, targetKey, targetName } from "./keys.ts";

export const changeSchema = z.strictObject({
  v: z.literal(1).meta({ description: "Version of this form." }),
  n: z.number().int().min(1).meta({ description: "Number of the change, from 1 on." }),
  when: z.string().max(40).meta({
    description: "ISO 8601; of an unknown change when it was seen.",
  }),
  who: z.string().max(200).meta({ description: "user@host; `unknown` where no command made it." }),
  why: z.string().max(1000).meta({ description: "The reason that was given." }),
  how: z.enum(["set", "rollback", "apply", "unknown"]).meta({ description: "What made it." }),
  revision: z.number().int().min(0).meta({
    description: "Revision of the value; 0: that of this record, written with it.",
  }),
  before: z.string().nullable().meta({ description: "The value before; null: none." }),
  after: z.string().nullable().meta({ description: "The value; null: deleted." }),
}).meta({ description: "One change of a configuration." });

export type Change = z.output<typeof changeSchema>;

export interface CurrentValue {
  text: string | null;
  /** 0 where there is no such key. */
  revision: number;
}

export interface WriteOptions {
  /** Revision that the change was made from; 0: there was no value. */
  base: number;
  who: string;
  why: string;
  how: Change["how"];
  /** A key that must still be there and goes with the change: the candidate that it promotes. */
  candidate?: { key: string; revision: string };
}

const CHANGES_MAX = 100;
const HISTORY_BYTES_MAX = 2_000_000;
const UNKNOWN_STEPS_MAX = 20;

export class ConfigStore {
  readonly #client: Etcd3;
  readonly #keys: KeyTemplates;
  readonly #timeoutMs: number;

  constructor(client: Etcd3, keys: KeyTemplates, timeoutMs: number) {
    this.#client = client;
    this.#keys = keys;
    this.#timeoutMs = timeoutMs;
  }

  keyOf(target: Target): string {
    return targetKey(target, this.#keys);
  }

  async get(target: Target): Promise<CurrentValue> {
    const answer = await this.#ask(this.#client.get(this.keyOf(target)).exec());
    const kv = answer.kvs[0];
    return kv === undefined
      ? { text: null, revision: 0 }
      : { text: kv.value.toString(), revision: Number(kv.mod_revision) };
  }

  /** All changes that are kept, oldest first, those that nobody's command made among them. */
  async history(target: Target): Promise<Change[]> {
    const known = await this.#known(target);
    return await this.#recordUnknown(target, known) ? await this.#known(target) : known;
  }

  /** Writes a value. Rejects with CONFIG_CONFLICT where the base is not the newest any more. Returns its revision. */
  async write(target: Target, text: string | null, options: WriteOptions): Promise<number> {
    const changes = await this.history(target), key = this.keyOf(target);
    const n = (changes.at(-1)?.n ?? 0) + 1;
    const change: Change = {
      v: 1,
      n,
      when: new Date().toISOString(),
      who: options.who,
      why: options.why.slice(0, 1000),
      how: options.how,
      revision: 0,
      before: (await this.get(target)).text,
      after: text,
    };
    const client = this.#client, { candidate } = options;
    let transaction = client.if(key, "Mod", "==", options.base)
      .and(this.#changeKey(target, n), "Create", "==", 0);
    if (candidate !== undefined) {
      transaction = transaction.and(candidate.key, "Mod", "==", Number(candidate.revision));
    }
    const answer = await this.#ask(
      transaction.then(
        text === null ? client.delete().key(key) : client.put(key).value(text),
        client.put(this.#changeKey(target, n)).value(JSON.stringify(change)),
        ...(candidate === undefined ? [] : [client.delete().key(candidate.key)]),
      ).commit(),
    );
    if (!answer.succeeded) throw await this.#conflict(target, options.base);
    await this.#trim(target, [...changes, change]);
    return Number(answer.header.revision);
  }

  async #conflict(target: Target, base: number): Promise<WeirError> {
    const last = (await this.history(target)).at(-1);
    const by = last === undefined ? "" : ` by ${last.who} at ${last.when}`;
    return new WeirError(
      "CONFIG_CONFLICT",
      `Cannot change ${targetName(target)}: it is not at revision ${base} any more, changed${by}`,
      { hint: "Look at it with: weir config get, history, diff. Then make the change again." },
    );
  }

  async #known(target: Target): Promise<Change[]> {
    const answer = await this.#ask(
      this.#client.getAll().prefix(this.#prefix(target)).exec(),
    );
    const changes: Change[] = [];
    for (const kv of answer.kvs) {
      const result = changeSchema.safeParse(parseJson(kv.value.toString()));
      if (!result.success) continue; // a later version's; it stays where it is
      const { data } = result;
      changes.push({ ...data, revision: data.revision || Number(kv.mod_revision) });
    }
    return changes.sort((a, b) => a.n - b.n);
  }

  /** True where there was something that no command had made. */
  async #recordUnknown(target: Target, changes: readonly Change[]): Promise<boolean> {
    const last = changes.at(-1), now = await this.get(target);
    const lastRevision = last?.revision ?? 0;
    if (now.text === null ? (last?.after ?? null) === null : now.revision <= lastRevision) {
      return false;
    }
    const found = [now];
    while (found[0].revision > lastRevision && found.length <= UNKNOWN_STEPS_MAX) {
      const before = await this.#at(target, found[0].revision - 1);
      if (before === undefined || before.revision <= lastRevision) break;
      found.unshift(before);
    }
    const first = found[0].revision > 0 ? await this.#at(target, found[0].revision - 1) : undefined;
    let before = first?.text ?? last?.after ?? null, n = (last?.n ?? 0) + 1;
    for (const { text, revision } of found) {
      const change: Change = {
        v: 1,
        n,
        when: new Date().toISOString(),
        who: "unknown",
        why: "",
        how: "unknown",
        revision: revision || lastRevision + 1,
        before,
        after: text,
      };
      const key = this.#changeKey(target, n++);
      await this.#ask(
        this.#client.if(key, "Create", "==", 0)
          .then(this.#client.put(key).value(JSON.stringify(change))).commit(),
      );
      before = text;
    }
    return true;
  }

  /** The value as of a revision; undefined where there was none or it is compacted. */
  async #at(target: Target, revision: number): Promise<CurrentValue | undefined> {
    if (revision <= 0) return undefined;
    try {
      const answer = await bounded(
        this.#client.get(this.keyOf(target)).revision(revision).exec(),
        systemClock,
        this.#timeoutMs,
        "Cannot read an old value",
      );
      const kv = answer.kvs[0];
      if (kv === undefined) return undefined;
      return { text: kv.value.toString(), revision: Number(kv.mod_revision) };
    } catch (error) {
      if (/compacted/.test(String(error))) return undefined; // etcd has no code of its own for it
      throw etcdError(error, "Cannot read an old value");
    }
  }

  /** Keeps the history within its bounds; the oldest go first. */
  async #trim(target: Target, changes: readonly Change[]): Promise<void> {
    let bytes = 0, kept = 0;
    for (const change of [...changes].reverse()) {
      bytes += JSON.stringify(change).length;
      if (kept >= CHANGES_MAX || (bytes > HISTORY_BYTES_MAX && kept > 0)) {
        await this.#ask(this.#client.delete().key(this.#changeKey(target, change.n)).exec());
      } else kept++;
    }
  }

  #prefix(target: Target): string {
    return `${HISTORY_PREFIX}${targetName(target)}/`;
  }

  #changeKey(target: Target, n: number): string {
    return `${this.#prefix(target)}${String(n).padStart(8, "0")}`;
  }

  async #ask<T>(work: Promise<T>): Promise<T> {
    try {
      return await bounded(work, systemClock, this.#timeoutMs, "Cannot ask");
    } catch (error) {
      throw etcdError(error, "Cannot work on the configuration in etcd");
    }
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the schema says so
  }
}
