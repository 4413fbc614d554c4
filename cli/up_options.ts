/**
 * The options of `weir up`: what a person may set, with what is checked before anything starts. Passwords and tokens
 * come from the environment or a file, never from the command line, where every user of the host could read them.
 */
import { type Command, Option } from "commander";
import { ARCHIVE_OPTION } from "./archive/search_archive.ts";
import { WeirError } from "../core/errors.ts";
import { readSettingsFile } from "../core/config/settings_file.ts";
import { readSecret } from "../core/secrets.ts";
import { Users, usersSchema } from "../search/access/users.ts";
import type { AuthOptions } from "../search/api/guard.ts";
import type { Retention } from "../search/store/retention.ts";

export type LogLevel = "debug" | "info" | "warning" | "error";

export interface UpOptions {
  listen: string;
  data?: string;
  keepDays: string;
  keepGb: string;
  /** Refused: every user of the host could read it. */
  password?: string;
  token?: string;
  passwordFile?: string;
  tokenFile?: string;
  usersFile?: string;
  /** Further names under which the page may be called. */
  allowHost?: string[];
  /** Undefined: the journal is read where no path is given and there is one. */
  journal?: boolean;
  journalDir?: string;
  archive?: string;
  logLevel?: LogLevel;
}

const SECRET_CHARS_MIN = 8;

export function withUpOptions(command: Command): Command {
  return command
    .option(
      "--listen <host:port>",
      "address of the page; port 0 takes a free one",
      "127.0.0.1:7700",
    )
    .option("--data <dir>", "where the lines are kept (default: ~/.local/share/weir)")
    .option(
      "--journal",
      "read the systemd journal too (without paths it is read where there is one)",
    )
    .option("--no-journal", "leave the systemd journal out")
    .option("--journal-dir <dir>", "read the journal files in this folder, of any host")
    .option("--keep-days <n>", "how long lines are kept", "30")
    .option("--keep-gb <n>", "disk that the lines may take; the oldest go first", "10")
    .option("--password-file <file>", "file with the page's password (or WEIR_PASSWORD)")
    .option("--token-file <file>", "file with a token for programs (or WEIR_TOKEN)")
    .option("--users-file <file>", "file with users, their roles and topics: weir user")
    .option(...ARCHIVE_OPTION)
    .addOption(new Option("--password <text>").hideHelp())
    .addOption(new Option("--token <text>").hideHelp())
    .option("--allow-host <name...>", "further names under which the page may be called")
    .addOption(
      new Option("--log-level <level>", "what it says of itself (default: warning)")
        .choices(["debug", "info", "warning", "error"]),
    );
}

/** What a person on a terminal reads in the report need not be said again in the log. */
export function logLevelOf(options: UpOptions): LogLevel {
  return options.logLevel ?? (Deno.stderr.isTerminal() ? "error" : "warning");
}

/** Throws USAGE_NUMBER. */
export function retentionOf(options: UpOptions): Retention {
  return {
    ageMsMax: positive(options.keepDays, "--keep-days") * 86_400_000,
    diskBytesMax: positive(options.keepGb, "--keep-gb") * 1e9,
  };
}

/**
 * The secrets that are set, and the users; a file goes before the environment. Throws SECRET_UNREADABLE, USAGE_SECRET
 * for one that could be guessed, and what is wrong with the users file.
 */
export function authOf(
  options: Pick<UpOptions, "password" | "token" | "passwordFile" | "tokenFile" | "usersFile">,
  env: (name: string) => string | undefined,
): AuthOptions | undefined {
  for (const what of ["password", "token"] as const) {
    if (options[what] === undefined) continue;
    throw new WeirError(
      "USAGE_SECRET",
      `--${what} is not taken: every user of this host could read it there`,
      {
        hint: `Give --${what}-file FILE, or set WEIR_${what.toUpperCase()} in the environment.`,
      },
    );
  }
  const password = secret(options.passwordFile, env("WEIR_PASSWORD"), "password");
  const token = secret(options.tokenFile, env("WEIR_TOKEN"), "token");
  const users = options.usersFile === undefined ? undefined : usersOf(options.usersFile);
  if (password === undefined && token === undefined && users === undefined) return undefined;
  return { ...(password && { password }), ...(token && { token }), ...(users && { users }) };
}

/** Throws CONFIG_INVALID, and USAGE_USERS for a file that names nobody. */
function usersOf(file: string): Users {
  const users = new Users(readSettingsFile(usersSchema, file, "Check the path."));
  if (users.any) return users;
  throw new WeirError("USAGE_USERS", `"${file}" names nobody: nobody could come in`, {
    hint: "Make an entry: weir user NAME",
  });
}

function secret(
  file: string | undefined,
  value: string | undefined,
  what: "password" | "token",
): string | undefined {
  const text = file === undefined ? value : readSecret(file);
  if (file === undefined && (text === undefined || text === "")) return undefined;
  if (text!.length >= SECRET_CHARS_MIN) return text;
  const where = file === undefined ? `WEIR_${what.toUpperCase()}` : `"${file}"`;
  throw new WeirError(
    "USAGE_SECRET",
    `Cannot use the ${what} in ${where}: it has ${
      text!.length
    } characters, ${SECRET_CHARS_MIN} are needed`,
    {
      hint:
        `Make one: head -c 24 /dev/urandom | base64 > ${what}.txt; weir up --${what}-file ${what}.txt`,
    },
  );
}

/** A number above 0, or USAGE_NUMBER. */
function positive(text: string, option: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new WeirError("USAGE_NUMBER", `Cannot use ${option} ${text}: expected a number above 0`, {
    hint: `Example: ${option} 7`,
  });
}

export function dataFolder(options: UpOptions): string {
  if (options.data !== undefined) return options.data;
  const base = Deno.env.get("XDG_DATA_HOME") ?? `${Deno.env.get("HOME") ?? "."}/.local/share`;
  return `${base}/weir`;
}
