/** `weir validate FILE…`: checks settings files without starting anything; exit code 78 where one is wrong. */
import { Command } from "commander";
import { loadSettings } from "../core/config/load.ts";
import { EXIT, messageOf, WeirError } from "../core/errors.ts";
import { specificationOf } from "./schema.ts";
import { SPECIFICATIONS } from "./specifications.ts";

export function validateCommand(): Command {
  return new Command("validate")
    .description("check settings files; nothing is started")
    .argument("<file...>", "settings: agent.yaml, transfer.yaml, monitor.yaml, or what to tail")
    .option(
      "--as <name>",
      `what they are, where the name does not say: ${Object.keys(SPECIFICATIONS).join(", ")}`,
    )
    .action((files: string[], options: { as?: string }) => {
      let wrong = 0;
      for (const file of files) if (!validate(file, options.as)) wrong++;
      if (wrong > 0) Deno.exit(EXIT.config);
    });
}

function validate(file: string, as: string | undefined): boolean {
  try {
    const { schema } = specificationOf(as ?? kindOf(file));
    loadSettings(schema, read(file), { name: file, env: (name) => Deno.env.get(name) });
    console.log(`${file}: right`);
    return true;
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    if (error instanceof WeirError) console.error(error.hint);
    return false;
  }
}

function read(file: string): string {
  try {
    return Deno.readTextFileSync(file);
  } catch (error) {
    throw new WeirError("CONFIG_UNREADABLE", `Cannot read "${file}": ${messageOf(error)}`, {
      hint: "Check the path.",
    });
  }
}

/** agent.yaml is for the agent, and so on; what is none of them says what to tail where it is JSON. */
function kindOf(file: string): string {
  const name = file.split("/").pop()!.toLowerCase();
  const found = Object.keys(SPECIFICATIONS).find((kind) => name.includes(kind));
  if (found !== undefined) return found;
  throw new WeirError("USAGE_KIND", `Cannot tell from its name what "${file}" is`, {
    hint: `Say so: --as ${Object.keys(SPECIFICATIONS).join("|")}`,
  });
}
