/** `weir config apply`: tried on canaries, then for all; taken back by itself where a host does not do well. */
import { Command } from "commander";
import { EXIT, WeirError } from "../../core/errors.ts";
import { tryAndPromote, waitForAll } from "../../core/fleet/canary.ts";
import { concernedBy } from "../../core/fleet/live.ts";
import { parseTarget, type Target, targetName } from "../../core/fleet/keys.ts";
import type { Registered } from "../../core/fleet/registration_schema.ts";
import { guarded } from "./guarded.ts";
import { connect, type Connection, type ConnectionOptions } from "./connection.ts";
import { whoAmI, withConnection } from "./connection.ts";
import { checkValue, readValue } from "./values.ts";

interface ApplyOptions extends ConnectionOptions {
  canary: string;
  wait: number;
  hold: number;
  why: string;
}

export function applyCommand(): Command {
  const seconds = (text: string) => Number(text);
  const command = withConnection(new Command("apply"))
    .description("write a value: first on canaries, then for all; taken back where it does not do")
    .argument("<target>", "host/IP, group/NAME or topics")
    .argument("<file>", "JSON or YAML; - for standard input")
    .option("--canary <which>", "how many hosts, or names of hosts, or LABEL=VALUE; 0: none", "1")
    .option("--wait <seconds>", "longest wait until hosts have applied it", seconds, 60)
    .option("--hold <seconds>", "how long the canaries must then be well", seconds, 10)
    .option("--why <text>", "the reason, for the history", "");
  return command.action((name: string, file: string, options: ApplyOptions) =>
    guarded(() => apply(parseTarget(name), file, options))
  );
}

async function apply(target: Target, file: string, options: ApplyOptions): Promise<number> {
  const text = await readValue(file);
  checkValue(target, text, file);
  const connection = connect(options), { store, live } = connection;
  const concerned = async () => concernedBy(target, await live());
  const all = await concerned(), { revision: base, text: before } = await store.get(target);
  const canaries = target.kind === "topics" ? [] : choose(all, options.canary);
  const who = whoAmI(), { why } = options;
  console.log(`${targetName(target)}: ${all.length} registered, ${canaries.length} canaries`);
  const revision = canaries.length === 0
    ? await store.write(target, text, { base, who, why, how: "apply" })
    : await trial(connection, target, { text, base, who, why, canaries, options });
  const since = performance.now();
  console.log(`revision ${revision} written`);
  const result = await waitForAll(concerned, store.keyOf(target), revision, options.wait * 1000);
  const tookMs = Math.round(performance.now() - since);
  console.log(`applied by ${result.applied.length} of ${all.length} after ${tookMs} ms`);
  for (const one of result.missing) console.log(`${one.host}: not yet`);
  if (result.failed.length === 0) return result.missing.length === 0 ? EXIT.ok : EXIT.runtime;
  for (const one of result.failed) console.log(`${one.host}: FAILED: ${one.applied.reason}`);
  await store.write(target, before ?? "[]", {
    base: revision,
    who,
    why: `taken back: ${result.failed[0].host} failed`,
    how: "rollback",
  });
  throw new WeirError("CONFIG_TAKEN_BACK", "Taken back: not all that got it could apply it");
}

async function trial(
  { client, store, live }: Connection,
  target: Target,
  given: {
    text: string;
    base: number;
    who: string;
    why: string;
    canaries: Registered[];
    options: ApplyOptions;
  },
): Promise<number> {
  const end = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => end.abort());
  }
  const { options, ...rest } = given;
  return await tryAndPromote({
    ...rest,
    client,
    store,
    target,
    live,
    waitMs: options.wait * 1000,
    holdMs: options.hold * 1000,
    say: (text) => console.log(text),
    signal: end.signal,
  });
}

/** The hosts that are to try it. Throws USAGE_CANARY where the words name none. */
export function choose(all: readonly Registered[], which: string): Registered[] {
  if (/^\d+$/.test(which)) {
    // Those that are well now say more than those that are not.
    const well = [...all].sort((a, b) => Number(b.health.ok) - Number(a.health.ok));
    return well.slice(0, Number(which));
  }
  const label = /^([^=]+)=(.*)$/.exec(which), names = which.split(",");
  const chosen = all.filter((one) =>
    label !== null ? one.labels[label[1]] === label[2] : names.includes(one.host)
  );
  if (chosen.length > 0) return chosen;
  throw new WeirError("USAGE_CANARY", `No registered host fits --canary ${which}`, {
    hint: `There are: ${all.slice(0, 20).map(({ host }) => host).join(", ")}`,
  });
}
