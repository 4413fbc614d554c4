/**
 * Tries a value on a few hosts before it becomes their group's. Promises: what is tried hangs on the lease of this
 * process and on a deadline of its own, so that nothing stays behind if this process dies; a canary that reports
 * FAILED, is less well than before, or goes away, ends the trial; promotion is one transaction.
 */
import type { Etcd3 } from "etcd3";
import { WeirError } from "../errors.ts";
import { systemClock } from "../ports/clock.ts";
import type { Candidate } from "./candidate_schema.ts";
import type { ConfigStore } from "./config_store.ts";
import { randomId } from "./identity.ts";
import { CANDIDATE_PREFIX, type Target, targetName } from "./keys.ts";
import type { Registered } from "./registration_schema.ts";

export interface TrialOptions {
  client: Etcd3;
  store: ConfigStore;
  target: Target;
  text: string;
  /** Revision that it would replace; 0: none. */
  base: number;
  who: string;
  why: string;
  canaries: readonly Registered[];
  /** Asked again and again. */
  live: () => Promise<Registered[]>;
  /** Longest wait until all canaries have applied it. */
  waitMs: number;
  /** How long all must then be well. */
  holdMs: number;
  /** Told what happens. */
  say: (text: string) => void;
  signal: AbortSignal;
}

const LOOK_MS = 200;
const LEASE_SECONDS = 10;

/**
 * Tries and promotes. Returns the new revision. Rejects with CONFIG_TAKEN_BACK where a canary did not do well,
 * CONFIG_TRIAL_RUNS where another trial of this target runs, CONFIG_CONFLICT where the value changed meanwhile.
 */
export async function tryAndPromote(options: TrialOptions): Promise<number> {
  const { client, store, target, base, say } = options;
  const key = CANDIDATE_PREFIX + targetName(target), id = randomId();
  const lease = client.lease(LEASE_SECONDS);
  let lost = false;
  lease.on("lost", () => lost = true);
  const candidate: Candidate = {
    v: 1,
    id,
    base,
    text: options.text,
    canaries: options.canaries.map((one) => one.id),
    seconds: Math.ceil((options.waitMs + options.holdMs) / 1000) + 30,
    who: options.who,
    why: options.why,
  };
  try {
    const answer = await client.if(key, "Create", "==", 0)
      .and(store.keyOf(target), "Mod", "==", base)
      .then(client.put(key).value(JSON.stringify(candidate)).lease(await lease.grant()))
      .commit();
    if (!answer.succeeded) await refuse(options, key);
    const since = performance.now();
    await watchCanaries(options, id, () => lost);
    const seconds = ((performance.now() - since) / 1000).toFixed(1);
    say(`well on ${options.canaries.length} of ${options.canaries.length} after ${seconds} s`);
    return await store.write(target, options.text, {
      base,
      who: options.who,
      why: options.why,
      how: "apply",
      candidate: { key, revision: answer.header.revision },
    });
  } finally {
    await lease.revoke().catch(() => {}); // else it ends by itself, and the candidate with it
  }
}

async function refuse({ client, store, target, base }: TrialOptions, key: string): Promise<never> {
  const text = await client.get(key).string();
  const now = await store.get(target);
  if (text === null && now.revision !== base) {
    throw new WeirError("CONFIG_CONFLICT", `${targetName(target)} was changed meanwhile`, {
      hint: "Look at it with: weir config get, history, diff. Then make the change again.",
    });
  }
  throw new WeirError(
    "CONFIG_TRIAL_RUNS",
    `Another value of ${targetName(target)} is being tried`,
    {
      hint: "Wait for its end: it ends with the command that began it.",
      retriable: true,
    },
  );
}

async function watchCanaries(
  options: TrialOptions,
  id: string,
  isLost: () => boolean,
): Promise<void> {
  const { canaries, waitMs, holdMs, say } = options;
  const begun = performance.now(), told = new Map<string, string>();
  let wellSince: number | undefined;
  for (;;) {
    if (options.signal.aborted) throw takenBack("the command was ended");
    if (isLost()) throw takenBack("the command lost its lease in etcd");
    const live = new Map((await options.live()).map((one) => [one.id, one]));
    let applied = 0;
    for (const before of canaries) {
      const now = live.get(before.id);
      const state = now?.applied.candidate === id ? now.applied.state : "waiting";
      if (told.get(before.id) !== state) say(`${before.host}: ${state}`);
      told.set(before.id, state);
      const why = illness(before, now, id);
      if (why !== undefined) throw takenBack(`${before.host}: ${why}`);
      if (state === "APPLIED") applied++;
    }
    const now = performance.now();
    if (applied < canaries.length) {
      wellSince = undefined;
      if (now - begun > waitMs) {
        throw takenBack(`only ${applied} of ${canaries.length} applied it within ${waitMs} ms`);
      }
    } else {
      wellSince ??= now;
      if (now - wellSince >= holdMs) return;
    }
    await systemClock.sleep(LOOK_MS, options.signal);
  }
}

/** Why a canary is not as well as it was; undefined where it is. */
export function illness(
  before: Registered,
  now: Registered | undefined,
  id: string,
): string | undefined {
  if (now === undefined) return "it is not registered any more";
  if (now.instance !== before.instance) return "it was started anew";
  if (now.applied.candidate !== id) return undefined; // has not seen it yet
  if (now.applied.state === "FAILED") return now.applied.reason;
  if (now.applied.state !== "APPLIED") return undefined;
  const reasons = now.health.reasons.join("; ");
  if (before.health.ok && !now.health.ok) return `it does not work: ${reasons}`;
  if (now.health.problems > before.health.problems) {
    return `${now.health.problems} of its files or patterns cannot be read: ${reasons}`;
  }
  if ((now.summary.failing ?? 0) > (before.summary.failing ?? 0)) {
    return `it ships less: ${now.summary.failing} files fail`;
  }
  return undefined;
}

function takenBack(why: string): WeirError {
  return new WeirError("CONFIG_TAKEN_BACK", `Taken back: ${why}`, {
    hint: "Nothing was changed for the others. Mend the value, look with: weir config plan.",
  });
}

/** Waits until all that are concerned applied a revision of a key; returns those that have not, or FAILED. */
export async function waitForAll(
  concerned: () => Promise<Registered[]>,
  key: string,
  revision: number,
  waitMs: number,
): Promise<{ applied: Registered[]; missing: Registered[]; failed: Registered[] }> {
  for (const end = performance.now() + waitMs;;) {
    const all = await concerned();
    const has = (one: Registered) => (one.applied.keys[key] ?? 0) >= revision;
    const failed = all.filter((one) => has(one) && one.applied.state === "FAILED");
    const applied = all.filter((one) => has(one) && one.applied.state === "APPLIED");
    const missing = all.filter((one) => !applied.includes(one) && !failed.includes(one));
    if (missing.length === 0 || failed.length > 0 || performance.now() > end) {
      return { applied, missing, failed };
    }
    await systemClock.sleep(LOOK_MS / 2);
  }
}
