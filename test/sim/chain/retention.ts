/**
 * What is promised of records that Kafka's retention removed before a transfer had read them: once the group has an
 * offset each is counted, with its partition and offset; the audit names the bytes of their files, and no others; where
 * the file exists, a repair by the real code of `weir audit --repair` brings them back, once.
 */
import { WeirError } from "../../../core/errors.ts";
import { sealKey } from "../../../core/ledger/seal.ts";
import type { Audit } from "../../../cli/audit/audit.ts";
import { type Range, subtract } from "../../../cli/audit/compare.ts";
import { datedRanges, entryOf, openSealed, resendRange } from "../../../cli/audit/resend.ts";
import { LINE_BYTES_MAX, TOPIC } from "./agent_process.ts";
import type { ChainWorld } from "./chain_world.ts";
import { Life } from "./network.ts";

/** One place in Kafka at which a record stood that retention removed. */
export interface Removed {
  uid: string;
  generation: string;
  start: number;
  end: number;
  partition: number;
  offset: number;
}

/** The removed records that the audit misses. */
export function lostOf(removed: readonly Removed[], { files }: Audit): Removed[] {
  const missing = new Map(files.map(({ seal, missing }) => [seal.generation, missing]));
  return removed.filter(({ generation, start, end }) =>
    missing.get(generation)?.some((one) => one.start <= start && end <= one.end)
  );
}

/** Bytes that the audit misses and that no removed record explains. */
export function unexplained({ files }: Audit, lost: readonly Removed[]): Audit {
  return {
    files: files.map((file) => {
      const own = lost.filter(({ generation }) => generation === file.seal.generation);
      return { ...file, missing: subtract(file.missing, own) };
    }),
    unknown: [],
  };
}

/** Lost records that no transfer counted, but for those from before the group had an offset. */
export function uncounted({ losses, kafka }: ChainWorld, lost: readonly Removed[]): string[] {
  const unseen = kafka.brokers.topics.get(TOPIC)!.map((partition) => partition.unseen);
  return lost.filter(({ partition, offset }) =>
    offset >= unseen[partition] &&
    !losses.some((loss) => loss.partition === partition && loss.from <= offset && offset < loss.to)
  ).map(({ uid, partition, offset }) => `${uid} at ${partition}/${offset}`);
}

/**
 * What a transfer counted that Kafka still has. Counted twice is what a transfer lost the partition of, or died, before
 * its next commit.
 */
export function miscounted({ losses, kafka: { brokers } }: ChainWorld): string[] {
  return losses.filter(({ topic, partition, from, to }) =>
    from >= to || to > brokers.partition(topic, partition).logStart
  ).map(({ transfer, partition, from, to }) => `transfer ${transfer}: ${partition}/${from}-${to}`);
}

/** Sends what is missing again, on each host what it has. Returns the generations whose file was not found. */
export async function repair({ hosts }: ChainWorld, { files }: Audit): Promise<Set<string>> {
  const refused = new Set<string>();
  for (const host of hosts) {
    const sink = host.sink(new Life(`repair on ${host.name}`), -1);
    for (const { seal, missing, createdMs } of files) {
      if (seal.host !== host.name || missing.length === 0) continue;
      const options = { sink, entry: entryOf(seal, host.entries), tz: "UTC" };
      try {
        const handle = await openSealed(host.files, seal);
        for (const range of datedRanges(seal, missing, createdMs)) {
          await resendRange(handle, seal, range, { ...options, lineBytesMax: LINE_BYTES_MAX });
        }
        handle.close();
      } catch (error) {
        if (!(error instanceof WeirError) || error.code !== "RESEND_NO_FILE") throw error;
        refused.add(seal.generation);
      }
    }
    await sink.stop(5000);
  }
  return refused;
}

/** What is missing after a repair: it may be that alone whose bytes are in no file any more. */
export function unrepaired(
  world: ChainWorld,
  { files }: Audit,
  contentOf: (generation: string) => string | undefined,
): string[] {
  const isGone = (generation: string) => {
    const content = new TextEncoder().encode(contentOf(generation) ?? "");
    return !world.hosts.some(({ files }) =>
      files.paths().some((path) => startsWith(files.content(path), content))
    );
  };
  return files.filter(({ seal, missing }) => missing.length > 0 && !isGone(seal.generation))
    .flatMap(({ seal, missing }) => missing.map((range) => `${sealKey(seal)} ${textOf(range)}`));
}

function startsWith(bytes: Uint8Array, begin: Uint8Array): boolean {
  return begin.every((byte, i) => bytes[i] === byte);
}

function textOf({ start, end }: Range): string {
  return `${start}-${end}`;
}
