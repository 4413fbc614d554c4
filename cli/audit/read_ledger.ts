/** Reads what the audit compares with the store: the ledger's seals and the ranges of the dead letters. */
import type { Kafka } from "kafkajs";
import { WeirError } from "../../core/errors.ts";
import { type DropSeal, parseDropSeal, unpackRanges } from "../../core/ledger/drop_seal.ts";
import { type ExpirySeal, parseExpirySeal } from "../../core/ledger/expiry_seal.ts";
import { mergedSeal, parseSeal, type Seal, sealKey } from "../../core/ledger/seal.ts";
import { HEADER } from "../../core/record/headers.ts";
import { isGeneration } from "../../core/record/identity.ts";
import { RecordCursor } from "../../transfer/consume/record_batch.ts";
import { readTopic } from "../../transfer/consume/topic_reader.ts";
import { readLetters } from "../../transfer/dead_letter_reader.ts";
import { type Range, united } from "./compare.ts";

const UNPACKED_BYTES_MAX = 2 ** 30;
const decoder = new TextDecoder();

/** The seals by sealKey. Rejects with LEDGER_EMPTY where there is none: then nothing can be said. */
export async function readLedger(kafka: Kafka, topic: string): Promise<Map<string, Seal>> {
  return known(await readSeals(kafka, topic), topic);
}

function known(seals: Map<string, Seal>, topic: string): Map<string, Seal> {
  if (seals.size > 0) return seals;
  throw new WeirError("LEDGER_EMPTY", `There is nothing in the ledger "${topic}"`, {
    hint: "Agents write it: is ledger.enabled set there, and is this their Kafka?",
  });
}

/** All kinds of seals: what agents shipped, what rules of transfers dropped, what retention removed; by sealKey. */
export interface Ledger {
  seals: Map<string, Seal>;
  drops: Drops;
  /** Lines that begin before this byte are beyond retention. */
  expired: ReadonlyMap<string, number>;
}

/** By sealKey, then by rule: ranges in order. */
export type Drops = ReadonlyMap<string, ReadonlyMap<string, Range[]>>;

/** Rejects with LEDGER_EMPTY where there is no seal of an agent. */
export async function readWholeLedger(kafka: Kafka, topic: string): Promise<Ledger> {
  const drops = new Map<string, Map<string, Range[]>>(), expired = new Map<string, number>();
  const onExpired = (seal: ExpirySeal) => {
    const key = sealKey(seal);
    expired.set(key, Math.max(expired.get(key) ?? 0, seal.to));
  };
  const onDrop = (drop: DropSeal) => {
    const key = sealKey(drop), rules = drops.get(key) ?? new Map<string, Range[]>();
    drops.set(key, rules);
    const ranges = rules.get(drop.rule) ?? [];
    rules.set(drop.rule, ranges);
    for (const range of unpackRanges(drop.ranges)) ranges.push(range);
  };
  const seals = await readSeals(kafka, topic, { onDrop, onExpired });
  for (const rules of drops.values()) {
    for (const [rule, ranges] of rules) rules.set(rule, united(ranges));
  }
  return { seals: known(seals, topic), drops, expired };
}

export interface ReadSealsOptions {
  /** Records of this sealKey alone. */
  only?: string;
  /** Each seal of an agent, as it was written, in order. */
  onSeal?: (seal: Seal) => void;
  onDrop?: (drop: DropSeal) => void;
  onExpired?: (seal: ExpirySeal) => void;
}

/** The seals by sealKey, none where there is no ledger. */
export async function readSeals(
  kafka: Kafka,
  topic: string,
  { only, onSeal, onDrop, onExpired }: ReadSealsOptions = {},
): Promise<Map<string, Seal>> {
  const seals = new Map<string, Seal>();
  if (await exists(kafka, topic)) {
    for await (const { from, batch } of readTopic(kafka, topic, { whole: true })) {
      const cursor = new RecordCursor(batch, UNPACKED_BYTES_MAX);
      while (cursor.next()) {
        if (cursor.offset < from || cursor.valueStart < 0) continue;
        if (only !== undefined && !isOf(keyOf(cursor), only)) continue;
        const value = cursor.bytes.subarray(cursor.valueStart, cursor.valueEnd);
        const text = decoder.decode(value), seal = parseSeal(text);
        if (seal !== undefined) {
          onSeal?.(seal);
          seals.set(sealKey(seal), mergedSeal(seals.get(sealKey(seal)), seal));
          continue;
        }
        const drop = parseDropSeal(text);
        if (drop !== undefined) onDrop?.(drop);
        const expired = drop === undefined ? parseExpirySeal(text) : undefined;
        if (expired !== undefined) onExpired?.(expired);
      }
    }
  }
  return seals;
}

/** Whether a record's key is one of what the sealKey names; those of older agents are it. */
function isOf(key: string, only: string): boolean {
  return key === only || key.startsWith(`${only}/`);
}

function keyOf({ bytes, keyStart, keyEnd }: RecordCursor): string {
  return keyStart < 0 ? "" : decoder.decode(bytes.subarray(keyStart, keyEnd));
}

/** Ranges that the dead letters account for, by sealKey, in order. */
export async function deadRanges(kafka: Kafka, topic: string): Promise<Map<string, Range[]>> {
  const found = new Map<string, Range[]>();
  if (!await exists(kafka, topic)) return found;
  for await (const letter of readLetters(kafka, topic)) {
    const generation = letter.key === null ? "" : decoder.decode(letter.key);
    const start = numberOf(letter.headers[HEADER.offset]);
    const length = numberOf(letter.headers[HEADER.length]);
    if (!isGeneration(generation) || start === undefined || length === undefined) continue;
    const key = sealKey({ generation, topic: letter.topic }), own = found.get(key);
    const range = { start, end: start + length };
    if (own === undefined) found.set(key, [range]);
    else own.push(range);
  }
  return found;
}

function numberOf(bytes: Uint8Array | undefined): number | undefined {
  const number = bytes === undefined ? NaN : Number(decoder.decode(bytes));
  return Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}

async function exists(kafka: Kafka, topic: string): Promise<boolean> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return (await admin.listTopics()).includes(topic);
  } finally {
    await admin.disconnect();
  }
}
