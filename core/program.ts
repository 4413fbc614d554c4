/**
 * What every program does around its parts: arguments, settings file, --check-config, --print-config, own log, start,
 * signals, exit code. A main.ts says only what is its own.
 */
import type { Command } from "commander";
import { stringify } from "yaml";
import type { z } from "zod";
import { loadSettings } from "./config/load.ts";
import { hideSecrets } from "./config/reference.ts";
import { EXIT, messageOf, WeirError } from "./errors.ts";
import { parseAddress } from "./http/status_server.ts";
import type { Part } from "./lifecycle.ts";
import { runParts } from "./lifecycle.ts";
import { logOf, startLog } from "./log.ts";
import { memoryPart, processMemory } from "./memory.ts";
import { VERSION } from "./metrics/registry.ts";
import { systemClock } from "./ports/clock.ts";

interface CommonSettings {
  log: { level: "debug" | "info" | "warning" | "error"; format: "auto" | "text" | "json" };
  listen: string;
  shutdown: number;
}

export interface ProgramOptions<S extends z.ZodType> {
  /** With its name, description and programCommand's options. */
  command: Command;
  schema: S;
  /** Read where --config is not given and the file is there. */
  defaultConfig: string;
  parts: (settings: z.output<S>, file: SettingsFile<S>) => Promise<Part[]> | Part[];
}

/** Where the settings came from, for a program that takes changes of them. */
export interface SettingsFile<S extends z.ZodType> {
  path: string;
  /** What it held at the start; null where there was none. */
  text: string | null;
  /** Checks a later text as this one was, --listen applied. Throws CONFIG_INVALID. */
  load: (text: string) => z.output<S>;
}

/** Adds the options that all programs have to one's command, which has its name and description. */
export function programCommand(command: Command): Command {
  return command
    .version(VERSION, "--version")
    .option("-c, --config <file>", "settings, YAML", undefined)
    .option("--listen <host:port>", "address of /metrics and status, instead of the settings'")
    .option("--check-config", "check the settings and end: 0 or 78")
    .option("--health", "ask the running program whether it is alive: 0 or 69; for containers")
    .option("--print-config", "print the settings in force, secrets hidden, and end");
}

/** Runs a program to its end and exits the process: client libraries may keep it alive after they are closed. */
export async function runProgram<S extends z.ZodType>(options: ProgramOptions<S>): Promise<never> {
  const { command } = options;
  command.parse(Deno.args, { from: "user" });
  const given = command.opts<
    {
      config?: string;
      listen?: string;
      checkConfig?: boolean;
      printConfig?: boolean;
      health?: boolean;
    }
  >();
  let name = command.name();
  try {
    const file = settingsFile(options, given);
    const settings = file.load(file.text ?? "") as z.output<S> & CommonSettings;
    if (given.printConfig) console.log(stringify(hideSecrets(options.schema, settings)).trimEnd());
    if (given.checkConfig) {
      console.log(`${given.config ?? options.defaultConfig}: the settings are right`);
    }
    if (given.printConfig || given.checkConfig) Deno.exit(EXIT.ok);
    if (given.health) Deno.exit(await askHealth(settings.listen));
    const { level, format } = settings.log;
    startLog({ level, ...(format === "auto" ? {} : { format }) });
    name = "";
    const parts = await options.parts(settings, file);
    const memory = memoryPart(processMemory(systemClock));
    Deno.exit(await runParts([memory, ...parts], settings.shutdown));
  } catch (error) {
    Deno.exit(fail(name, error));
  }
}

const HEALTH_MS = 5000;

/** What a health check of a container runs: the image has no shell and no other program. */
export async function askHealth(listen: string): Promise<number> {
  const { hostname, port } = parseAddress(listen);
  const host = hostname === "0.0.0.0" || hostname === "::" ? "127.0.0.1" : hostname;
  const url = `http://${host.includes(":") ? `[${host}]` : host}:${port}/healthz`;
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(HEALTH_MS) });
    await answer.body?.cancel();
    console.log(`${url} answers ${answer.status}`);
    return answer.ok ? EXIT.ok : EXIT.unavailable;
  } catch (error) {
    console.log(`${url} does not answer: ${messageOf(error)}`);
    return EXIT.unavailable;
  }
}

function settingsFile<S extends z.ZodType>(
  options: ProgramOptions<S>,
  given: { config?: string; listen?: string },
): SettingsFile<S> {
  let text: string | null = null;
  const path = given.config ?? options.defaultConfig;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    if (given.config !== undefined || !(error instanceof Deno.errors.NotFound)) {
      throw new WeirError(
        "CONFIG_UNREADABLE",
        `Cannot read the settings "${path}": ${messageOf(error)}`,
        {
          hint: "Check the path and that this program's user may read it.",
        },
      );
    }
  }
  return {
    path,
    text,
    load(text) {
      const settings = loadSettings(options.schema, text, {
        name: path,
        env: (variable) => Deno.env.get(variable),
      });
      if (given.listen !== undefined) (settings as CommonSettings).listen = given.listen;
      return settings;
    },
  };
}

/** Tells the person what went wrong and what to do; returns the exit code. */
export function fail(program: string, error: unknown): number {
  const code = error instanceof WeirError ? error.code : "UNEXPECTED";
  const hint = error instanceof WeirError ? error.hint : "";
  const text = error instanceof Error ? error.message : String(error);
  if (program === "") logOf("main").error("Cannot go on", { code, reason: text, hint });
  else console.error(`${program}: ${text}${hint === "" ? "" : `\n${hint}`}`);
  if (!(error instanceof WeirError) && error instanceof Error && error.stack !== undefined) {
    console.error(error.stack);
  }
  if (code.startsWith("CONFIG_")) return EXIT.config;
  if (
    code.startsWith("USAGE_") || code === "HTTP_AUTH_REQUIRED" || code === "HTTP_LISTEN_ADDRESS"
  ) {
    return EXIT.usage;
  }
  if (code === "HTTP_LISTEN_FAILED") return EXIT.unavailable;
  if (code === "STATE_UNWRITABLE" || code === "SECRET_UNREADABLE") return EXIT.permission;
  return error instanceof WeirError && error.retriable ? EXIT.unavailable : EXIT.runtime;
}
