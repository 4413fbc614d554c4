/**
 * What a running program says of itself in etcd, under a lease: who it is, what it applied and how it fares, in 4 KB at
 * most. It holds no line of a log, no address of a sink and no secret. docs/reference/registration.md is made from it.
 */
import { z } from "zod";

export const PROGRAMS = ["agent", "transfer", "monitor", "page"] as const;
export type ProgramName = typeof PROGRAMS[number];

const count = (description: string) => z.number().min(0).meta({ description });
const words = (max: number, description: string) => z.string().max(max).meta({ description });

export const appliedSchema = z.strictObject({
  revision: z.number().meta({
    description: "Revision in etcd of the newest key that it looked at; 0: none yet.",
  }),
  state: z.enum(["NONE", "APPLYING", "APPLIED", "FAILED"]).meta({
    description:
      "APPLYING: taken, not everything has been looked at yet. FAILED: the value before it goes on.",
  }),
  reason: words(500, "Why it FAILED; else empty."),
  candidate: words(64, "Id of the candidate that it tries out; else empty."),
  keys: z.record(z.string().max(300), z.number()).meta({
    description: "Revision by key, of each key that it follows and that is there.",
  }),
}).meta({ description: "The configuration in force." });

export const registrationSchema = z.strictObject({
  v: z.literal(1).meta({ description: "Version of this form." }),
  program: z.enum(PROGRAMS).meta({ description: "What it is." }),
  id: words(200, "Name of the process among its kind; an agent keeps it over restarts."),
  instance: words(64, "New at each start."),
  host: words(255, "Name of its host."),
  version: words(64, "Version of the program."),
  started: words(40, "When the process began, ISO 8601."),
  labels: z.record(z.string().max(100), z.string().max(200)).meta({
    description: "Labels of the host, from its settings file.",
  }),
  groups: z.array(z.string().max(100)).max(100).meta({
    description: "Groups whose configuration it follows; agents alone.",
  }),
  ip: words(100, "Address with which it reaches etcd."),
  status: words(300, "Where its status server listens, as it was asked to."),
  applied: appliedSchema,
  health: z.strictObject({
    ok: z.boolean().meta({ description: "False where it does not do all of its work." }),
    reasons: z.array(z.string().max(300)).max(3).meta({ description: "Why not; the first three." }),
    problems: count("Files or topics that it cannot work on."),
  }).meta({ description: "Whether it does its work." }),
  summary: z.record(z.string().max(60), z.number()).meta({
    description: "A few figures, such as files, lagBytes, lines; see docs/keys.md.",
  }),
}).meta({ description: "A program that runs now." });

export type Registered = z.output<typeof registrationSchema>;
export type Applied = z.output<typeof appliedSchema>;

/** What the program itself gives; the rest is added here. */
export interface ProgramState {
  applied: Applied;
  health: { ok: boolean; reasons: string[]; problems: number };
  summary: Record<string, number>;
}

export const NOTHING_APPLIED: Applied = {
  revision: 0,
  state: "NONE",
  reason: "",
  candidate: "",
  keys: {},
};

const VALUE_BYTES_MAX = 4096;

/** The value for etcd, cut so that it fits its bound: reasons first, then the labels' ends. */
export function encodeRegistration(value: Registered): string {
  const cut: Registered = {
    ...value,
    applied: { ...value.applied, reason: value.applied.reason.slice(0, 500) },
    health: {
      ...value.health,
      reasons: value.health.reasons.slice(0, 3).map((reason) => reason.slice(0, 300)),
    },
  };
  let text = JSON.stringify(cut);
  if (bytesOf(text) > VALUE_BYTES_MAX) {
    cut.health.reasons = cut.health.reasons.slice(0, 1).map((reason) => reason.slice(0, 100));
    cut.applied.reason = cut.applied.reason.slice(0, 100);
    text = JSON.stringify(cut);
  }
  if (bytesOf(text) > VALUE_BYTES_MAX) text = JSON.stringify({ ...cut, labels: {}, summary: {} });
  return text;
}

/** The registration in a value, or undefined where it is none that this version knows. */
export function decodeRegistration(text: string): Registered | undefined {
  try {
    const result = registrationSchema.safeParse(JSON.parse(text));
    return result.success ? result.data : undefined;
  } catch {
    return undefined; // not JSON: somebody else's value
  }
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}
