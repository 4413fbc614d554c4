/** `weir user`: an entry for the users file of the page, with the hash of a password or of a new token. */
import { Command, Option } from "commander";
import { stringify } from "yaml";
import { EXIT, WeirError } from "../core/errors.ts";
import { readSecret } from "../core/secrets.ts";
import { type Role, ROLES } from "../search/access/identity.ts";
import { newToken, passwordHash, usersSchema } from "../search/access/users.ts";
import { guarded } from "./config/guarded.ts";

interface Options {
  role: Role;
  topic?: string[];
  token?: boolean;
  passwordFile?: string;
}

const PASSWORD_CHARS_MIN = 8;

export function userCommand(): Command {
  return new Command("user")
    .description(
      "print an entry for the users file of the page; the password is read from standard input",
    )
    .argument("<name>", "of the user or program")
    .addOption(new Option("--role <role>", "what it may do").choices(ROLES).default("viewer"))
    .option("--topic <name...>", "topics that it may read; else all")
    .option("--token", "a token for a program instead of a password; it is printed once")
    .option("--password-file <file>", "file with the password, instead of standard input")
    .action((name: string, options: Options) =>
      guarded(async () => {
        console.log(await entryOf(name, options));
        return EXIT.ok;
      }, "weir user")
    );
}

/** The entry as YAML. Throws USAGE_SECRET, USAGE_USERS. */
async function entryOf(name: string, options: Options): Promise<string> {
  const { role, topic, token } = options;
  const about = { name, role, ...(topic && { topics: topic }) };
  const made = token ? newToken() : undefined;
  const file = made !== undefined
    ? { tokens: [{ ...about, token: made.hash }] }
    : { users: [{ ...about, password: await passwordHash(await passwordOf(options)) }] };
  const { error } = usersSchema.safeParse(file);
  if (error !== undefined) {
    const reasons = error.issues.map(({ message }) => message);
    throw new WeirError("USAGE_USERS", `Cannot make an entry for "${name}": ${reasons.join("; ")}`);
  }
  if (made !== undefined) console.error(`The token, printed this once: ${made.token}`);
  return stringify(file).trimEnd();
}

async function passwordOf({ passwordFile }: Options): Promise<string> {
  if (passwordFile === undefined && Deno.stdin.isTerminal()) console.error("The password:");
  const text = passwordFile === undefined ? await lineOfInput() : readSecret(passwordFile);
  if (text.length >= PASSWORD_CHARS_MIN) return text;
  throw new WeirError(
    "USAGE_SECRET",
    `The password has ${text.length} characters, ${PASSWORD_CHARS_MIN} are needed`,
    { hint: "Make one: head -c 24 /dev/urandom | base64" },
  );
}

async function lineOfInput(): Promise<string> {
  let text = "";
  for await (const part of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (text.includes("\n") || text.length > 4096) break;
  }
  return text.split(/\r?\n/)[0];
}
