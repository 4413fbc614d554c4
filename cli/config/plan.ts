/** `weir config plan`: what a value would do on the hosts that it concerns, as they say themselves; nothing is written. */
import { Command } from "commander";
import { EXIT, WeirError } from "../../core/errors.ts";
import { parseTarget, type Target, targetName } from "../../core/fleet/keys.ts";
import { concernedBy } from "../../core/fleet/live.ts";
import { isBlocked, planText } from "../../core/fleet/plan_text.ts";
import type { Answer } from "../../core/fleet/question_schema.ts";
import { createKafka } from "../../core/kafka/client.ts";
import { safeText } from "../../core/log.ts";
import { choose } from "./choose.ts";
import { type Asked, askHosts } from "./ask_hosts.ts";
import { connect, type ConnectionOptions, whoAmI, withConnection } from "./connection.ts";
import { guarded } from "./guarded.ts";
import { checkValue, readValue } from "./values.ts";

export interface PlanOptions extends ConnectionOptions {
  brokers?: string;
  host?: string;
  wait: number;
  lines: number;
  files: number;
  show: number;
  json?: boolean;
}

export function planCommand(): Command {
  const number = (text: string) => Number(text);
  const command = withConnection(new Command("plan"))
    .description("ask the hosts what a value would do there; nothing is written")
    .argument("<target>", "host/IP or group/NAME")
    .argument("<file>", "JSON or YAML; - for standard input")
    .option("--brokers <hosts>", "brokers of Kafka, by which hosts answer; else the settings'")
    .option("--host <which>", "how many of the hosts, or names of hosts, or LABEL=VALUE")
    .option("--wait <seconds>", "longest wait for answers", number, 10)
    .option("--lines <n>", "first lines of a file", number, 3)
    .option("--files <n>", "files that a host lists", number, 100)
    .option("--show <n>", "hosts that are shown in full; the others in one line", number, 5)
    .option("--json", "one JSON object");
  return command.action((name: string, file: string, options: PlanOptions) =>
    guarded(() => plan(parseTarget(name), file, options))
  );
}

async function plan(target: Target, file: string, options: PlanOptions): Promise<number> {
  const text = await readValue(file);
  checkValue(target, text, file);
  const asked = await planOnHosts(target, text, options);
  if (options.json) console.log(JSON.stringify({ target: targetName(target), ...asked }));
  else {
    for (const line of askedText(target, asked, options)) console.log(line);
    console.log("\nNothing was written.");
  }
  const isWell = asked.silent.length === 0 && asked.answers.every(isFine);
  return isWell ? EXIT.ok : EXIT.runtime;
}

/** Throws USAGE_TARGET for topics, whose rules no agent follows; rejects as `askHosts` does. */
export async function planOnHosts(
  target: Target,
  text: string,
  options: PlanOptions,
): Promise<Asked> {
  if (target.kind === "topics") {
    throw new WeirError("USAGE_TARGET", "Hosts do not follow the rules of topics", {
      hint: "See what they do to records: weir transfer --dry-run",
    });
  }
  const { client, live, settings } = await connect(options);
  const all = concernedBy(target, await live());
  const hosts = options.host === undefined ? all : choose(all, options.host);
  const brokers = options.brokers ?? Deno.env.get("WEIR_BROKERS");
  if (brokers !== undefined) settings.kafka.brokers = brokers.split(",");
  if (hosts.length === 0) return { answers: [], silent: [] };
  const { wait: seconds, lines, files } = options;
  const kafka = createKafka(settings.kafka, "plan");
  const who = whoAmI(), topic = settings.answers;
  return await askHosts({
    ...{ client, kafka, topic, target, text, hosts, seconds, lines, files, who },
  });
}

function isFine({ fault, plan }: Answer): boolean {
  return fault === "" && plan !== undefined && !isBlocked(plan);
}

/** A summary, then the hosts: in full those that something is wrong with first. */
export function askedText(
  target: Target,
  asked: Asked,
  { show, wait }: Pick<PlanOptions, "show" | "wait">,
): string[] {
  const { answers, silent } = asked, total = answers.length + silent.length;
  const sick = answers.filter((one) => !isFine(one));
  const sum = (of: (answer: Answer) => number) =>
    answers.reduce((before, answer) => before + of(answer), 0);
  const files = sum(({ plan }) => plan === undefined ? 0 : plan.files.length + plan.filesLeftOut);
  const lines = [
    `${
      targetName(target)
    }: ${answers.length} of ${total} hosts answered, ${sick.length} with problems`,
    `files: ${files}, ${sum(({ begins }) => begins)} that are not tailed now; tails that end: ${
      sum(({ ends }) => ends)
    }`,
  ];
  for (const [i, answer] of [...sick, ...answers.filter(isFine)].entries()) {
    lines.push(...i < show ? ["", ...hostText(answer)] : [shortText(answer)]);
  }
  if (silent.length > 0) lines.push("");
  for (const { host, version } of silent) {
    lines.push(
      `${safeText(host)}: no answer within ${wait} s (version ${
        safeText(version)
      }; older ones know no plan)`,
    );
  }
  return lines;
}

function hostText(answer: Answer): string[] {
  const lines = [shortText(answer)];
  for (const name of answer.ended.slice(0, 10)) lines.push(`  ends: ${safeText(name)}`);
  if (answer.ended.length > 10) lines.push(`  ends: … and ${answer.ends - 10} more`);
  if (answer.plan !== undefined) {
    lines.push(...planText(answer.plan, 10).map((line) => `  ${line}`));
  }
  return lines;
}

function shortText({ host, fault, plan, begins, ends, tookMs }: Answer): string {
  if (plan === undefined) return `${safeText(host)}: ✗ ${safeText(fault)}`;
  const bad = plan.problems.filter(({ passes }) => !passes).length;
  const files = plan.files.length + plan.filesLeftOut;
  const sign = bad === 0 ? "✓" : "✗";
  const name = safeText(host), met = plan.collisions.length;
  const changes = `${begins} begin, ${ends} end`;
  return `${name}: ${sign} ${files} files (${changes}), ${bad} problems, ${met} collisions, ${tookMs} ms`;
}
