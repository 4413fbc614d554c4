/**
 * The ledger of a simulated world: what agents and transfers wrote there, as compaction leaves it, and the real audit
 * over it and the simulated index. What the audit says is part of what must hold of a world.
 */
import { Serializer } from "@elastic/elasticsearch";
import { type Audit, audit, type FileAudit } from "../../../cli/audit/audit.ts";
import { type Range, subtract } from "../../../cli/audit/compare.ts";
import { parseDropSeal, unpackRanges } from "../../../core/ledger/drop_seal.ts";
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
  /** Documents that no seal tells of: nobody would miss them. */
  unsealed: string[];
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

/** Without what a transfer could not tell the ledger in time: that counts as missing, as docs/audit.md says. */
export function shortOf(world: ChainWorld, found: Audit): AuditFound {
  const { untold } = world;
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
    unsealed: unsealed(world, found),
    unknown: found.unknown.map(({ key, lines }) => `${key} ${lines}`),
  };
}

function unsealed(world: ChainWorld, { files }: Audit): string[] {
  const seals = new Map(files.map(({ seal }) => [seal.generation, seal])), found: string[] = [];
  for (const documents of world.index.indices.values()) {
    for (const [id, source] of documents) {
      const seal = seals.get(source["log.file.generation"]);
      const start = source["log.offset"], end = start + source["log.length"];
      if (seal !== undefined && (start < seal.from || end > seal.to)) found.push(id);
    }
  }
  return found.slice(0, 5);
}
