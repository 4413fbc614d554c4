/**
 * A question to the hosts that a value concerns: what would it do there? The question hangs on the asking command's
 * lease in etcd; each agent answers with one record in a topic of Kafka, for answers hold lines of logs.
 */
import { z } from "zod";
import { planSchema } from "./plan_schema.ts";

export const ANSWER_TOPIC = "weir-answers";

const words = (max: number, description: string) => z.string().max(max).meta({ description });
const count = (max: number, description: string) =>
  z.number().int().min(0).max(max).meta({ description });

export const questionSchema = z.strictObject({
  v: z.literal(1).meta({ description: "Version of this form." }),
  id: words(64, "New for each question; answers name it."),
  text: words(1_000_000, "The value that the target's key would have."),
  agents: z.array(z.string().max(200)).max(10_000).meta({
    description: "Ids of the agents that are asked; empty: all that the target concerns.",
  }),
  seconds: count(600, "How long answers are waited for."),
  files: count(1000, "Files that are listed in an answer."),
  lines: count(20, "First lines of a file."),
  who: words(200, "Who asks."),
}).meta({ description: "What would this value do on the hosts that it concerns?" });

export type Question = z.output<typeof questionSchema>;

export const answerSchema = z.object({
  v: z.literal(1).meta({ description: "Version of this form." }),
  question: words(64, "Id of the question."),
  agent: words(200, "Id of the agent."),
  host: words(255, "Name of its host."),
  tookMs: z.number().min(0).meta({ description: "How long it looked." }),
  fault: words(2000, "Why there is no plan; else empty."),
  plan: planSchema.optional(),
  begins: z.number().min(0).meta({
    description: "Files and topics that would be tailed and are not now, of those listed.",
  }),
  ends: z.number().min(0).meta({
    description: "Files and topics that are tailed now and would not be any more.",
  }),
  ended: z.array(z.string().max(5000)).max(100).meta({
    description: "The first of those that would end: path and topic.",
  }),
}).meta({ description: "What a host says to a question." });

export type Answer = z.output<typeof answerSchema>;

/** Bytes of an answer: Kafka takes records of 1 MB. */
const ANSWER_BYTES_MAX = 256 * 1024;

/** The question in a value; undefined where it is none that this version knows. */
export function decodeQuestion(text: string): Question | undefined {
  try {
    const result = questionSchema.safeParse(JSON.parse(text));
    return result.success ? result.data : undefined;
  } catch {
    return undefined; // not JSON
  }
}

export function decodeAnswer(text: string): Answer | undefined {
  try {
    const result = answerSchema.safeParse(JSON.parse(text));
    return result.success ? result.data : undefined;
  } catch {
    return undefined; // not JSON
  }
}

/** The answer within its bound: files are left out and counted, then collisions and problems, the last ones first. */
export function encodeAnswer(answer: Answer): string {
  const bytes = (text: string) => new TextEncoder().encode(text).length;
  let text = JSON.stringify(answer);
  const plan = answer.plan;
  while (plan !== undefined && bytes(text) > ANSWER_BYTES_MAX) {
    const { files, collisions, problems } = plan;
    if (files.length + collisions.length + problems.length === 0) {
      const fault = "the answer is too large: plan the entries in parts";
      return JSON.stringify({ ...answer, fault, plan: undefined });
    }
    const kept = Math.floor(files.length / 2);
    plan.filesLeftOut += files.length - kept;
    files.length = kept;
    collisions.length = Math.floor(collisions.length / 2);
    problems.length = Math.floor(problems.length / 2);
    text = JSON.stringify(answer);
  }
  return text;
}
