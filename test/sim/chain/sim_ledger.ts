/**
 * The ledger of a simulated world: what agents and transfers wrote there, as compaction leaves it, and the real audit
 * over it and the simulated index. What the audit says is part of what must hold of a world.
 */
import { Serializer } from "@elastic/elasticsearch";
import { type Audit, audit, type FileAudit, totalsOf } from "../../../cli/audit/audit.ts";
import { type Range, subtract } from "../../../cli/audit/compare.ts";
import { type DropSeal, parseDropSeal, unpackRanges } from "../../../core/ledger/drop_seal.ts";
import {
  LEDGER_TOPIC,
  mergedSeal,
  parseSeal,
  type Seal,
  sealKey,
} from "../../../core/ledger/seal.ts";
import { HEADER } from "../../../core/record/headers.ts";
import { DEAD_HEADER } from "../../../transfer/dead_letter.ts";
import type { ChainWorld } from "./chain_world.ts";
import { Life } from "./network.ts";
import { simElastic } from "./sim_index.ts";
import { DEAD_TOPIC } from "./transfer_process.ts";

interface Message {
  key: unknown;
  value: unknown;
  headers?: Record<string, unknown>;
}

/** What the audit found, short. */
export interface AuditFound {
  missing: string[];
  doubled: string[];
  unsealedBytes: number;
  /** Generations with documents that no seal tells of. */
  unknown: string[];
}

function messagesOf(world: ChainWorld, topic: string): Message[] {
  return (world.kafka.plain.get(topic) ?? []) as Message[];
}

/** The real audit of the world as it is now; in the world's time. */
export async function auditWorld(world: ChainWorld): Promise<Audit> {
  const newest = new Map<string, string>(); // as compaction leaves it: by key, in the order of the newest
  for (const { key, value } of messagesOf(world, LEDGER_TOPIC)) {
    newest.delete(String(key));
    newest.set(String(key), String(value));
  }
  const seals = new Map<string, Seal>(), drops = new Map<string, Map<string, Range[]>>();
  for (const text of newest.values()) {
    const seal = parseSeal(text), drop = seal === undefined ? parseDropSeal(text) : undefined;
    if (seal !== undefined) {
      seals.set(sealKey(seal), mergedSeal(seals.get(sealKey(seal)), seal));
    } else if (drop !== undefined) {
      const rules = drops.get(sealKey(drop)) ?? new Map<string, Range[]>();
      drops.set(sealKey(drop), rules);
      rules.set(drop.rule, [...rules.get(drop.rule) ?? [], ...unpackRanges(drop.ranges)]);
    }
  }
  const life = new Life("audit");
  const client = simElastic(world.network, world.index, life, Serializer);
  return await audit(seals, { client, index: "*", dead: deadRangesOf(world), drops });
}

function deadRangesOf(world: ChainWorld): Map<string, Range[]> {
  const found = new Map<string, Range[]>();
  for (const { key, headers = {} } of messagesOf(world, DEAD_TOPIC)) {
    const topic = String(headers[DEAD_HEADER.topic]);
    const start = Number(headers[HEADER.offset]), length = Number(headers[HEADER.length]);
    const of = sealKey({ generation: String(key), topic });
    found.set(of, [...found.get(of) ?? [], { start, end: start + length }]);
  }
  return found;
}

/** @param untold dropped ranges that count as missing where the ledger was not told of them */
export function shortOf(found: Audit, untold: readonly DropSeal[] = []): AuditFound {
  const named = (of: (file: FileAudit) => readonly Range[]) =>
    found.files.flatMap((file) =>
      of(file).map(({ start, end }) => `${file.seal.generation}:${start}-${end}`)
    );
  return {
    missing: named(({ seal, missing }) =>
      subtract(
        missing,
        untold.filter((one) => sealKey(one) === sealKey(seal))
          .flatMap(({ ranges }) => unpackRanges(ranges)),
      )
    ),
    doubled: named(({ doubled }) => doubled),
    unsealedBytes: totalsOf(found).unsealedBytes,
    unknown: found.unknown.map(({ key, lines }) => `${key} ${lines}`),
  };
}
