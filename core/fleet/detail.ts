/**
 * What a program tells about its work beyond the summary in etcd: each file of an agent, each partition of a transfer.
 * Goes by Kafka (in `weir up` in process), bounded in rows and bytes, without a line of a log.
 */
import { z } from "zod";

export const DETAIL_TOPIC = "weir-detail";

const count = z.number().min(0);

export const fileDetailSchema = z.object({
  path: z.string().max(4096),
  topic: z.string().max(300),
  generation: z.string().max(64),
  size: count,
  /** Acknowledged up to here. */
  offset: count,
  lagBytes: count,
  lines: count,
  /** Lines a second since the last look. */
  rate: count,
  /** When the last line was sent, ms since 1970; 0: none yet. */
  lastLineMs: count,
  /** Rotated away: read to its end, and found by no pattern. */
  detached: z.boolean(),
  failure: z.string().max(400),
});

export const problemDetailSchema = z.object({
  path: z.string().max(4096),
  code: z.string().max(100),
  reason: z.string().max(400),
});

export const partitionDetailSchema = z.object({
  topic: z.string().max(300),
  partition: count,
  /** -1: not known. */
  committed: z.number(),
  newest: z.number(),
  lag: count,
  paused: z.boolean(),
});

export const detailSchema = z.object({
  v: z.literal(1),
  id: z.string().max(200),
  instance: z.string().max(64),
  host: z.string().max(255),
  program: z.enum(["agent", "transfer"]),
  /** When it was looked at, ms since 1970. */
  atMs: count,
  files: z.array(fileDetailSchema).max(2000),
  problems: z.array(problemDetailSchema).max(200),
  partitions: z.array(partitionDetailSchema).max(5000),
  /** How many of each there are, those that are left out included. */
  filesTotal: count,
  problemsTotal: count,
  partitionsTotal: count,
});

export type FleetDetail = z.output<typeof detailSchema>;
export type FileDetail = z.output<typeof fileDetailSchema>;
export type ProblemDetail = z.output<typeof problemDetailSchema>;
export type PartitionDetail = z.output<typeof partitionDetailSchema>;

/** What a program gives; the rest is added by whoever sends it. */
export interface DetailState {
  files?: readonly FileDetail[];
  problems?: readonly ProblemDetail[];
  partitions?: readonly PartitionDetail[];
}

const FILES_MAX = 1000, PROBLEMS_MAX = 100, PARTITIONS_MAX = 3000;
const BYTES_MAX = 512 * 1024;

/** Rows within the bounds: of files those that fail first, then those that are furthest behind. */
export function boundedDetail(
  about: Pick<FleetDetail, "id" | "instance" | "host" | "program" | "atMs">,
  state: DetailState,
): FleetDetail {
  const { files = [], problems = [], partitions = [] } = state;
  const order = (a: FileDetail, b: FileDetail) =>
    Number(b.failure !== "") - Number(a.failure !== "") || b.lagBytes - a.lagBytes ||
    (a.path < b.path ? -1 : 1);
  const detail: FleetDetail = {
    v: 1,
    ...about,
    files: [...files].sort(order).slice(0, FILES_MAX).map((file) => ({
      ...file,
      path: file.path.slice(0, 4096),
      failure: file.failure.slice(0, 400),
    })),
    problems: problems.slice(0, PROBLEMS_MAX).map(({ path, code, reason }) => ({
      path: path.slice(0, 4096),
      code: code.slice(0, 100),
      reason: reason.slice(0, 400),
    })),
    partitions: [...partitions].sort((a, b) => b.lag - a.lag).slice(0, PARTITIONS_MAX),
    filesTotal: files.length,
    problemsTotal: problems.length,
    partitionsTotal: partitions.length,
  };
  while (JSON.stringify(detail).length > BYTES_MAX) {
    detail.files.length = Math.floor(detail.files.length / 2);
    detail.partitions.length = Math.floor(detail.partitions.length / 2);
    detail.problems.length = Math.floor(detail.problems.length / 2);
  }
  return detail;
}

/** The detail in a value; undefined where it is none of a version that is known here. */
export function decodeDetail(text: string): FleetDetail | undefined {
  try {
    const result = detailSchema.safeParse(JSON.parse(text));
    return result.success ? result.data : undefined;
  } catch {
    return undefined; // not JSON
  }
}
