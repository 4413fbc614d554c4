/**
 * `weir config apply`: what the hosts say that it would do there, a question, a trial on canaries, then for all; taken
 * back by itself where a host does not do well.
 */
import { Command } from "commander";
import type { Etcd3 } from "etcd3";
import { EXIT, messageOf, WeirError } from "../../core/errors.ts";
import { tryAndPromote, waitForAll } from "../../core/fleet/canary.ts";
import type { ConfigStore } from "../../core/fleet/config_store.ts";
import { concernedBy } from "../../core/fleet/live.ts";
import { parseTarget, type Target, targetName } from "../../core/fleet/keys.ts";
import type { Registered } from "../../core/fleet/registration_schema.ts";
import { choose } from "./choose.ts";
import { guarded } from "./guarded.ts";
import { connect, type ConnectionOptions } from "./connection.ts";
import { whoAmI, withConnection } from "./connection.ts";
import { askedText, planOnHosts } from "./plan.ts";
import { checkValue, readValue } from "./values.ts";

interface ApplyOptions extends ConnectionOptions {
  brokers?: string;
  canary: string;
  wait: number;
  hold: number;
  why: string;
  plan: boolean;
  yes?: boolean;
}

/** As `weir config plan` has them by default. */
const PLANNED = { wait: 10, lines: 3, files: 100, show: 5 };

export function applyCommand(): Command {
  const seconds = (text: string) => Number(text);
  const command = withConnection(new Command("apply"))
    .description(
      "write a value: planned, then on canaries, then for all; taken back where it fails",
    )
    .argument("<target>", "host/IP, group/NAME or topics")
    .argument("<file>", "JSON or YAML; - for standard input")
    .option("--canary <which>", "how many hosts, or names of hosts, or LABEL=VALUE; 0: none", "1")
    .option("--wait <seconds>", "longest wait until hosts have applied it", seconds, 60)
    .option("--hold <seconds>", "how long the canaries must then be well", seconds, 10)
    .option("--why <text>", "the reason, for the history", "")
    .option("-y, --yes", "do not ask before it is written")
    .option("--no-plan", "do not ask the hosts first what it would do there")
    .option("--brokers <hosts>", "brokers of Kafka, by which hosts answer; else the settings'");
  return command.action((name: string, file: string, options: ApplyOptions) =>
    guarded(() => apply(parseTarget(name), file, options))
  );
}

async function apply(target: Target, file: string, options: ApplyOptions): Promise<number> {
  const isAsked = options.yes !== true;
  if (isAsked && (file === "-" || !Deno.stdin.isTerminal())) {
    throw new WeirError("USAGE_YES", "There is no terminal to ask on before it is written", {
      hint: "Look at it with weir config plan, then add --yes.",
    });
  }
  const text = await readValue(file);
  checkValue(target, text, file);
  const { client, store, live } = await connect(options);
  const { revision: base } = await store.get(target);
  if (options.plan && target.kind !== "topics") await showPlan(target, text, options);
  if (isAsked && !confirm(`Write it to ${targetName(target)}?`)) {
    console.log("Nothing was written.");
    return EXIT.runtime;
  }
  const end = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => end.abort());
  }
  const { missing } = await applyValue({
    ...{ client, store, live, target, text, base },
    canary: options.canary,
    who: whoAmI(),
    why: options.why,
    waitMs: options.wait * 1000,
    holdMs: options.hold * 1000,
    say: (line) => console.log(line),
    signal: end.signal,
  });
  return missing === 0 ? EXIT.ok : EXIT.runtime;
}

/** What the hosts say that it would do there. Where they cannot be asked that is said: the trial comes anyhow. */
async function showPlan(target: Target, text: string, options: ApplyOptions): Promise<void> {
  try {
    const { config, etcd, brokers } = options;
    const asked = await planOnHosts(target, text, { config, etcd, brokers, ...PLANNED });
    for (const line of askedText(target, asked, PLANNED)) console.log(line);
  } catch (error) {
    console.log(`There is no plan: ${messageOf(error)}`);
  }
  console.log("");
}

export interface ApplyRequest {
  client: Etcd3;
  store: ConfigStore;
  live: () => Promise<Registered[]>;
  target: Target;
  text: string;
  /** Revision that it replaces. */
  base: number;
  /** How many hosts try it first, or which. */
  canary: string;
  who: string;
  why: string;
  waitMs: number;
  holdMs: number;
  say: (text: string) => void;
  signal: AbortSignal;
}

/**
 * Tries a value on canaries, writes it, waits for all. Rejects with CONFIG_TAKEN_BACK where one refused it: then the
 * value before it holds again; USAGE_CANARY; what a trial and a write reject with.
 */
export async function applyValue(
  request: ApplyRequest,
): Promise<{ revision: number; missing: number }> {
  const { store, live, target, text, base, who, why, waitMs, say } = request;
  const concerned = async () => concernedBy(target, await live());
  const all = await concerned(), before = (await store.get(target)).text;
  const canaries = target.kind === "topics" ? [] : choose(all, request.canary);
  say(`${targetName(target)}: ${all.length} registered, ${canaries.length} canaries`);
  const revision = canaries.length === 0
    ? await store.write(target, text, { base, who, why, how: "apply" })
    : await tryAndPromote({ ...request, canaries });
  const since = performance.now();
  say(`revision ${revision} written`);
  const result = await waitForAll(concerned, store.keyOf(target), revision, waitMs);
  const tookMs = Math.round(performance.now() - since);
  say(`applied by ${result.applied.length} of ${all.length} after ${tookMs} ms`);
  for (const one of result.missing) say(`${one.host}: not yet`);
  if (result.failed.length === 0) return { revision, missing: result.missing.length };
  for (const one of result.failed) say(`${one.host}: FAILED: ${one.applied.reason}`);
  await store.write(target, before ?? "[]", {
    base: revision,
    who,
    why: `taken back: ${result.failed[0].host} failed`,
    how: "rollback",
  });
  throw new WeirError("CONFIG_TAKEN_BACK", "Taken back: not all that got it could apply it");
}
