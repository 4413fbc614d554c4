/** `weir config …`: what is collected, looked at and changed with history, check and trial. */
import { Command } from "commander";
import { EXIT, WeirError } from "../../core/errors.ts";
import type { Change } from "../../core/fleet/config_store.ts";
import { parseTarget, targetName } from "../../core/fleet/keys.ts";
import { applyCommand } from "./apply.ts";
import { planCommand } from "./plan.ts";
import { connect, type Connection, type ConnectionOptions, whoAmI } from "./connection.ts";
import { withConnection } from "./connection.ts";
import { edited } from "./editor.ts";
import { guarded } from "./guarded.ts";
import { layOut, lineDiff } from "./line_diff.ts";
import { checkValue, readValue } from "./values.ts";

type Options = ConnectionOptions & Record<string, unknown>;
const TARGET = "host/IP, group/NAME or topics";

export function configCommand(): Command {
  const config = new Command("config").description("what is collected: look, change, take back");
  const add = (name: string, about: string, work: (parts: Working) => Promise<number | void>) => {
    const command = withConnection(
      new Command(name).description(about).argument("<target>", TARGET),
    );
    command.action((...given) => runWith(command, given, work));
    config.addCommand(command);
    return command;
  };
  add("get", "print a value; its revision goes to standard error", get)
    .option("--revision <n>", "as of an earlier change of the history");
  add("set", "write a value from a file, or from - ; checked first", set)
    .argument("<file>", "JSON or YAML")
    .option("--why <text>", "the reason, for the history", "")
    .option("--base <revision>", "refuse where the value is not at this revision");
  add("edit", "change a value with $EDITOR", edit).option("--why <text>", "the reason", "");
  add("diff", "what a file would change, or what the last change was", diff)
    .argument("[file]", "JSON or YAML");
  add("history", "who changed it, when, why", history).option("--json", "one JSON object a line");
  add("rollback", "write the value before the last change again", rollback)
    .option("--to <n>", "the value of this change of the history instead")
    .option("--why <text>", "the reason", "");
  config.addCommand(
    new Command("validate").description("check a file; nothing is written")
      .argument("<target>", TARGET).argument("<file>", "JSON or YAML")
      .action((target: string, file: string) => guarded(() => validate(target, file))),
  );
  config.addCommand(planCommand());
  config.addCommand(applyCommand());
  return config;
}

export interface Working extends Connection {
  target: ReturnType<typeof parseTarget>;
  file: string | undefined;
  options: Options;
}

async function runWith(
  command: Command,
  given: unknown[],
  work: (parts: Working) => Promise<number | void>,
): Promise<void> {
  await guarded(async () => {
    const options = command.opts<Options>();
    const target = parseTarget(String(given[0]));
    const file = typeof given[1] === "string" ? given[1] : undefined;
    return await work({ ...await connect(options), target, file, options });
  });
}

async function get({ store, target, options }: Working): Promise<void> {
  if (options.revision !== undefined) {
    const change = changeOf(await store.history(target), Number(options.revision));
    console.log(change.after ?? "");
    return;
  }
  const { text, revision } = await store.get(target);
  if (text === null) {
    throw new WeirError("CONFIG_NOT_THERE", `${store.keyOf(target)} has no value`, {
      hint: `Write one: weir config set ${targetName(target)} FILE`,
    });
  }
  console.log(text.trimEnd());
  console.error(`revision ${revision} of ${store.keyOf(target)}`);
}

async function set({ store, target, file, options }: Working): Promise<void> {
  const text = await readValue(file!);
  const count = checkValue(target, text, file!);
  const base = options.base === undefined
    ? (await store.get(target)).revision
    : Number(options.base);
  const why = String(options.why);
  const revision = await store.write(target, text, { base, who: whoAmI(), why, how: "set" });
  console.log(`${targetName(target)}: revision ${revision}, ${count} entries`);
}

async function edit({ store, target, options }: Working): Promise<void> {
  const { text, revision: base } = await store.get(target);
  const after = await edited(
    text ?? "[]\n",
    (value) => checkValue(target, value, targetName(target)),
  );
  if (after === text) return console.log("nothing was changed");
  const why = String(options.why);
  const revision = await store.write(target, after, { base, who: whoAmI(), why, how: "set" });
  console.log(`${targetName(target)}: revision ${revision}`);
}

async function diff({ store, target, file }: Working): Promise<number> {
  const now = (await store.get(target)).text;
  const before = file === undefined ? (await store.history(target)).at(-1)?.before ?? null : now;
  const after = file === undefined ? now : await readValue(file);
  const lines = lineDiff(layOut(before), layOut(after));
  for (const line of lines) console.log(line);
  return lines.length === 0 ? EXIT.ok : EXIT.runtime;
}

async function history({ store, target, options }: Working): Promise<void> {
  for (const change of await store.history(target)) {
    if (options.json) console.log(JSON.stringify(change));
    else console.log(rowOf(change));
  }
}

function rowOf({ n, revision, when, who, how, why, before, after }: Change): string {
  const lines = lineDiff(layOut(before), layOut(after));
  const count = (sign: string) => lines.filter((line) => line.startsWith(sign)).length;
  const size = after === null ? "deleted" : `+${count("+")} -${count("-")} lines`;
  return `${n}  revision ${revision}  ${when}  ${who}  ${how}  ${size}${
    why === "" ? "" : `  ${why}`
  }`;
}

async function rollback({ store, target, options }: Working): Promise<void> {
  const changes = await store.history(target), last = changes.at(-1);
  if (last === undefined) {
    throw new WeirError("CONFIG_NO_HISTORY", `${targetName(target)} was never changed`);
  }
  const text = options.to === undefined ? last.before : changeOf(changes, Number(options.to)).after;
  if (text !== null) checkValue(target, text, "the earlier value");
  const { revision: base } = await store.get(target);
  const why = String(options.why) || `back from ${last.n}`;
  const revision = await store.write(target, text ?? "[]", {
    base,
    who: whoAmI(),
    why,
    how: "rollback",
  });
  console.log(`${targetName(target)}: revision ${revision}, as before`);
}

function changeOf(changes: readonly Change[], n: number): Change {
  const found = changes.find((change) => change.n === n);
  if (found !== undefined) return found;
  throw new WeirError("CONFIG_NO_HISTORY", `There is no change ${n}`, {
    hint: "See: weir config history",
  });
}

async function validate(name: string, file: string): Promise<void> {
  const count = checkValue(parseTarget(name), await readValue(file), file);
  console.log(`${file}: right, ${count} entries`);
}
