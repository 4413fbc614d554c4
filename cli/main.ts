/** weir: everything in one process (`weir up`), and the operator's commands. */
import { Command } from "commander";
import { EXIT } from "../core/errors.ts";
import { VERSION } from "../core/metrics/registry.ts";
import { fail } from "../core/program.ts";
import { demoCommand } from "./demo.ts";
import { schemaCommand } from "./schema.ts";
import { searchCommand } from "./search.ts";
import { tailCommand } from "./tail.ts";
import { upCommand } from "./up.ts";
import { validateCommand } from "./validate.ts";

const program = new Command("weir")
  .description("Log collection that accounts for every line.")
  .version(VERSION, "--version")
  .showHelpAfterError()
  .showSuggestionAfterError()
  .exitOverride((error) => Deno.exit(error.exitCode === 0 ? EXIT.ok : EXIT.usage));

for (
  const command of [
    upCommand(),
    demoCommand(),
    searchCommand(),
    tailCommand(),
    validateCommand(),
    schemaCommand(),
  ]
) {
  program.addCommand(command);
}

try {
  await program.parseAsync(Deno.args, { from: "user" });
  Deno.exit(EXIT.ok);
} catch (error) {
  Deno.exit(fail("weir", error));
}
