/**
 * The whole chain on this machine without Docker: real servers from the test set-up, the four programs, logs of a small
 * shop. For trying and for demonstrations: the servers' data goes when they end.
 *
 *     npm run stack -- up [--free-ports]    start all of it, print the links
 *     npm run stack -- status [--json]      what runs, what is ready, how many lines are where
 *     npm run stack -- logs NAME            the end of a program's log
 *     npm run stack -- down                 end it and remove its data
 */
import { Command } from "commander";
import { EXIT, WeirError } from "../../core/errors.ts";
import { fail } from "../../core/program.ts";
import { freePort, removeAll } from "../../test/support/temp.ts";
import { waitFor } from "../../test/support/wait.ts";
import { DEFAULT_PORTS, type Ports } from "./plan.ts";
import { isAlive, readState, signal, type StackProcess, type StackState } from "./state.ts";
import { stackStatus, statusText } from "./status.ts";
import { stackUp } from "./up.ts";

const STOP_MS = 20_000;

interface Options {
  data: string;
  freePorts?: boolean;
  json?: boolean;
}

async function up({ data, freePorts }: Options): Promise<void> {
  const before = await readState(data);
  if (before?.processes.some(isAlive)) {
    throw new WeirError("STACK_IS_UP", `A stack in ${data} is up already`, {
      hint: "See: npm run stack -- status. End it: npm run stack -- down",
    });
  }
  const names = Object.keys(DEFAULT_PORTS) as (keyof Ports)[];
  const ports = freePorts
    ? Object.fromEntries(names.map((name) => [name, freePort()])) as Ports
    : DEFAULT_PORTS;
  const state = await stackUp({ data, ports, say: (text) => console.log(text) });
  console.log(`\n${links(state)}\n\nnpm run stack -- down ends it.`);
}

function links(state: StackState): string {
  return Object.entries(state.links).map(([name, url]) => `  ${name.padEnd(20)} ${url}`).join("\n");
}

async function stateOf(data: string): Promise<StackState> {
  const state = await readState(data);
  if (state !== undefined && state.processes.length > 0) return state;
  throw new WeirError("STACK_IS_DOWN", `There is no stack in ${data}`, {
    hint: "Start one: npm run stack -- up",
  });
}

async function status({ data, json }: Options): Promise<number> {
  const state = await stateOf(data);
  const found = await stackStatus(state);
  console.log(json ? JSON.stringify(found) : `${statusText(found)}\n\n${links(state)}`);
  return found.processes.every(({ ready }) => ready) ? EXIT.ok : EXIT.unavailable;
}

async function logs(name: string, { data }: Options): Promise<void> {
  const { processes } = await stateOf(data);
  const found = processes.find((process) => process.name === name && process.log !== "");
  if (found === undefined) {
    const names = processes.filter(({ log }) => log !== "").map((process) => process.name);
    throw new WeirError("USAGE_UNKNOWN_NAME", `No program of the stack is called "${name}"`, {
      hint: `There are: ${names.join(", ")}`,
    });
  }
  const text = await Deno.readTextFile(found.log);
  console.log(text.trimEnd().split("\n").slice(-100).join("\n"));
}

/** Programs first, while their servers still answer; so they drain. */
async function down({ data }: Options): Promise<void> {
  const { processes } = await stateOf(data);
  for (const process of [...processes].reverse()) await end(process);
  await removeAll(data);
  console.log("The stack is down; its data is gone.");
}

async function end(process: StackProcess): Promise<void> {
  signal(process, "SIGTERM");
  try {
    await waitFor(`the end of ${process.name}`, () => !isAlive(process), { timeoutMs: STOP_MS });
  } catch {
    console.log(`${process.name} did not end in ${STOP_MS / 1000} s and is killed`);
    signal(process, "SIGKILL");
  }
}

const home = Deno.env.get("XDG_DATA_HOME") ?? `${Deno.env.get("HOME") ?? "/tmp"}/.local/share`;
const program = new Command("stack")
  .description("the whole chain on this machine without Docker")
  .option("--data <dir>", "folder of the stack", `${home}/weir-stack`)
  .showHelpAfterError()
  .showSuggestionAfterError()
  .exitOverride((error) => Deno.exit(error.exitCode === 0 ? EXIT.ok : EXIT.usage));
program.command("up").description("start all of it, print the links")
  .option("--free-ports", "ports that are free, instead of the usual ones")
  .action(async (_, command: Command) => await up(command.optsWithGlobals()));
program.command("status").description("what runs, what is ready, how many lines are where")
  .option("--json", "one object")
  .action(async (_, command: Command) => Deno.exit(await status(command.optsWithGlobals())));
program.command("logs").description("the end of a program's log").argument("<name>")
  .action(async (name: string, _, command: Command) => await logs(name, command.optsWithGlobals()));
program.command("down").description("end it and remove its data")
  .action(async (_, command: Command) => await down(command.optsWithGlobals()));

try {
  await program.parseAsync(Deno.args, { from: "user" });
  Deno.exit(EXIT.ok);
} catch (error) {
  Deno.exit(fail("stack", error));
}
