/** What a value of one key would do on this host beside what the other keys say, while the agent tails. */
import type { ConfigLayer } from "../../core/ports/config_source.ts";
import type { LayeredKey } from "../../core/etcd/layered_source.ts";
import type { Question } from "../../core/fleet/question_schema.ts";
import { parseEntries } from "../tail/entries.ts";
import type { TailSet } from "../tail/tail_set.ts";
import { laneName, type Planned } from "./answer_part.ts";
import { type PlanContext, type PlanLayer, planOf } from "./plan.ts";

/** Files that are opened for an answer, and files of an entry whose lines are shown. */
const OPENED_MAX = 2000, SAMPLED = 5;

/** Throws CONFIG_INVALID where the value, or another one that holds here, does not validate. */
export function layersWith(
  keys: readonly LayeredKey[],
  now: readonly ConfigLayer[],
  target: string,
  text: string,
): PlanLayer[] {
  return keys.flatMap((one) => {
    const layer = now.find(({ key }) => key === one.key);
    const value = one.target === target ? text : layer?.text;
    if (value === undefined) return [];
    const name = one.target === target ? `${one.key} (planned)` : one.key;
    return [{ name, entries: parseEntries(value, name) }];
  });
}

/** Rejects with PLAN_ENDED where `signal` aborts. */
export async function livePlan(
  layers: readonly PlanLayer[],
  question: Question,
  set: TailSet,
  context: PlanContext,
  signal: AbortSignal,
): Promise<Planned> {
  const now = new Set<string>();
  for (const { path, topic, detached } of set.status(100_000)) {
    if (!detached) now.add(laneName(path, topic));
  }
  const { files, lines } = question;
  const bounds = { files, opened: OPENED_MAX, lines, sampled: SAMPLED, signal };
  return { plan: await planOf(layers, set.before(), bounds, context), now };
}
