/**
 * What a transfer says before retention deletes an index: how far each generation's lines in it went, so that `weir
 * audit` tells lines that retention removed from lost ones. Indices go oldest first and a file's lines come in order,
 * so everything before that byte is beyond retention too: one number a generation is enough, however many indices went.
 */
import { isGeneration } from "../record/identity.ts";

export const EXPIRY_SEAL_VERSION = 1;

export interface ExpirySeal {
  v: number;
  kind: "expired";
  generation: string;
  topic: string;
  /** Index that was to be deleted. */
  index: string;
  /** Lines that begin before this byte of the file are not kept any more. */
  to: number;
  atMs: number;
}

/** Key of the record in the topic: one a generation, topic and index. */
export function expiryKey({ generation, topic, index }: ExpirySeal): string {
  return `${generation}/${topic}/expired/${index}`;
}

/** Undefined where the value is none of a version that is known here. */
export function parseExpirySeal(value: string): ExpirySeal | undefined {
  let seal: Partial<ExpirySeal>;
  try {
    seal = JSON.parse(value);
  } catch {
    return undefined; // not ours
  }
  const { kind, v, generation = "", topic, index, to } = seal ?? {};
  const fits = kind === "expired" && v === EXPIRY_SEAL_VERSION && isGeneration(generation) &&
    typeof topic === "string" && typeof index === "string" && Number.isSafeInteger(to) && to! >= 0;
  return fits ? seal as ExpirySeal : undefined;
}
