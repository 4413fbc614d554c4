/** A candidate: a value that a few hosts try out before it becomes their group's. Its key hangs on the command's lease. */
import { z } from "zod";

export const candidateSchema = z.strictObject({
  v: z.literal(1).meta({ description: "Version of this form." }),
  id: z.string().max(64).meta({ description: "New for each try; registrations name it." }),
  base: z.number().int().min(0).meta({
    description: "Revision of the key that it would replace; 0: there is none.",
  }),
  text: z.string().max(1_000_000).meta({ description: "The value." }),
  canaries: z.array(z.string().max(200)).min(1).max(1000).meta({
    description: "Ids of the agents that try it.",
  }),
  seconds: z.number().int().min(1).max(86_400).meta({
    description: "How long an agent tries it at most, by its own clock, whatever etcd does.",
  }),
  who: z.string().max(200).meta({ description: "Who began it." }),
  why: z.string().max(1000).meta({ description: "What for." }),
}).meta({ description: "A value that a few hosts try out." });

export type Candidate = z.output<typeof candidateSchema>;

/** The candidate in a value; undefined where it is none that this version knows. */
export function decodeCandidate(text: string): Candidate | undefined {
  try {
    const result = candidateSchema.safeParse(JSON.parse(text));
    return result.success ? result.data : undefined;
  } catch {
    return undefined; // not JSON
  }
}
