/** The configuration that is looked at and changed: its value, what was said of it, and what can be done with it. */
import { signal } from "@preact/signals";
import type { ConfigAnswer, PlanAnswer } from "../../fleet/fleet_config.ts";
import { ApiError, getJson, type Problem, problemOf } from "../client.ts";

export const config = signal<ConfigAnswer | undefined>(undefined);
/** As it stands in the box. */
export const edited = signal("");
export const why = signal("");
export const busy = signal(false);
export const problem = signal<Problem | undefined>(undefined);
/** What the last action gave: entries of a check, lines of a trial, a revision. */
export const said = signal<string[]>([]);
export const plan = signal<PlanAnswer | undefined>(undefined);
/** Who asks; undefined until it is known. */
export const me = signal<{ name: string; role: string } | undefined>(undefined);

export async function loadMe(): Promise<void> {
  if (me.value !== undefined) return;
  me.value = await getJson<{ name: string; role: string }>("/api/me", {}).catch(() => undefined);
}

/** Reads a target's value; what stands in the box is replaced. */
export async function loadConfig(target: string): Promise<void> {
  config.value = undefined;
  clear();
  try {
    const found = await getJson<ConfigAnswer>("/api/fleet/config", { target });
    config.value = found;
    edited.value = laidOut(found.text);
  } catch (error) {
    problem.value = problemOf(error);
  }
}

export function clear(): void {
  problem.value = undefined;
  said.value = [];
  plan.value = undefined;
}

/** One field a line where it is JSON; anything else as it is. */
export function laidOut(text: string | null): string {
  if (text === null) return "[]\n";
  try {
    return `${JSON.stringify(JSON.parse(text), null, 2)}\n`;
  } catch {
    return text; // YAML, or not valid: to be mended
  }
}

export type Action = "check" | "plan" | "set" | "apply" | "rollback";

/** Sends an action; the answer, or undefined where it was refused: then `problem` says why. */
export async function act(
  action: Action,
  more: { to?: number; canary?: string } = {},
): Promise<Record<string, unknown> | undefined> {
  const known = config.value;
  if (known === undefined || busy.value) return undefined;
  clear();
  busy.value = true;
  try {
    const { target, revision: base } = known;
    const body = { action, target, text: edited.value, base, why: why.value, ...more };
    const response = await fetch("/api/fleet/config", {
      method: "POST",
      headers: { "content-type": "application/json", "x-weir-change": "1" },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new ApiError(await response.json() as Problem);
    const answer = action === "apply" ? await lastOf(response) : await response.json();
    if (action === "plan") plan.value = answer as PlanAnswer;
    return answer as Record<string, unknown>;
  } catch (error) {
    problem.value = problemOf(error);
    return undefined;
  } finally {
    busy.value = false;
  }
}

/** What is said on the way is shown as it comes; the last line is the result. */
async function lastOf(response: Response): Promise<unknown> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "", last: { say?: string; error?: Problem; revision?: number } = {};
  for (;;) {
    const { done, value } = await reader.read();
    const texts = (rest + (value ?? "")).split("\n");
    rest = done ? "" : texts.pop()!;
    for (const text of texts) {
      if (text === "") continue;
      last = JSON.parse(text);
      if (last.say !== undefined) said.value = [...said.value, last.say];
    }
    if (done) break;
  }
  if (last.error !== undefined) throw new ApiError(last.error);
  return last;
}
