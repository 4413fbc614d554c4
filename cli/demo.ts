/**
 * `weir demo`: the page with something on it. Writes the logs of a small shop into a folder, the last half hour at
 * once and the rest live, with an incident to look for, and runs `weir up` on them.
 */
import { Command } from "commander";
import { EXIT, WeirError } from "../core/errors.ts";
import { runParts } from "../core/lifecycle.ts";
import { systemClock } from "../core/ports/clock.ts";
import { runAndExit } from "./api_client.ts";
import { DemoWriter, lastWrittenMs } from "./demo/writer.ts";
import { up } from "./up.ts";

interface DemoOptions {
  rate: string;
  seed: string;
  listen: string;
  data?: string;
  onlyLogs?: boolean;
}

const SHUTDOWN_MS = 5000;
const BACKFILL_MS = 30 * 60_000;
const RATE_MAX = 500;

export function demoCommand(): Command {
  return new Command("demo")
    .description("write the logs of a small shop, an incident among them, and show them on a page")
    .option("--rate <n>", `lines a second, about; 1 to ${RATE_MAX}`, "20")
    .option("--seed <n>", "the same seed makes the same shop", "1")
    .option(
      "--listen <host:port>",
      "address of the page; port 0 takes a free one",
      "127.0.0.1:7700",
    )
    .option(
      "--data <dir>",
      "where logs and lines are kept (default: a folder that goes at the end)",
    )
    .option("--only-logs", "write the logs into the folder's `logs` and show nothing")
    .action((options: DemoOptions) => runAndExit(() => demo(options)));
}

async function demo(options: DemoOptions): Promise<void> {
  const rate = whole(options.rate, "--rate", 1, RATE_MAX);
  const seed = whole(options.seed, "--seed", 0, 4_294_967_295);
  const folder = options.data ?? Deno.makeTempDirSync({ prefix: "weir-demo-" });
  try {
    const logs = `${folder}/logs`;
    const writer = new DemoWriter({
      folder: logs,
      seed,
      rate,
      startMs: startOf(Date.now(), lastWrittenMs(logs)),
      offset: (timeMs) => -new Date(timeMs).getTimezoneOffset(),
      clock: systemClock,
    });
    const lines = writer.catchUp();
    if (options.onlyLogs) {
      console.log(`Writing into ${logs}: ${lines} lines so far`);
      await runParts([writer], SHUTDOWN_MS);
      return;
    }
    console.log(introduction(lines, seed));
    const code = await up([logs], {
      listen: options.listen,
      data: `${folder}/data`,
      keepDays: "30",
      keepGb: "2",
    }, [writer]);
    if (code !== EXIT.ok) Deno.exit(code);
  } finally {
    if (options.data === undefined) Deno.removeSync(folder, { recursive: true });
  }
}

/** Half an hour ago, or where an earlier demo in this folder ended, on a whole second. */
export function startOf(nowMs: number, lastMs: number | undefined): number {
  const fromMs = Math.max(nowMs - BACKFILL_MS, lastMs === undefined ? 0 : lastMs + 1000);
  return Math.floor(Math.min(fromMs, nowMs) / 1000) * 1000;
}

function introduction(lines: number, seed: number): string {
  return [
    "",
    `  A small shop, seed ${seed}: ${
      lines.toLocaleString("en")
    } lines of the last half hour, more as you look.`,
    "  About 18 minutes ago its database's disk filled; soon it will again. Some queries:",
    "",
    "    level:error                       what failed",
    '    "No space left on device"         and why',
    '    log.file.path:*nginx* " 504 "     what customers saw',
    "    支付成功                          payments that went through",
  ].join("\n");
}

function whole(text: string, option: string, min: number, max: number): number {
  const value = Number(text);
  if (/^\d{1,10}$/.test(text) && value >= min && value <= max) return value;
  throw new WeirError("USAGE_NUMBER", `Cannot use ${option} ${text}: expected ${min} to ${max}`, {
    hint: `Example: ${option} ${Math.max(min, 5)}`,
  });
}
