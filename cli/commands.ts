/** All commands of `weir`, as one tree: what runs, and what completions and man pages are made from. */
import { Command } from "commander";
import { EXIT } from "../core/errors.ts";
import { VERSION } from "../core/metrics/registry.ts";
import { archiveCommand, restoreCommand } from "./archive/command.ts";
import { auditCommand, resendCommand } from "./audit/command.ts";
import { completionCommand } from "./completion.ts";
import { configCommand } from "./config/command.ts";
import { deadLettersCommand } from "./dead_letters.ts";
import { demoCommand } from "./demo.ts";
import { doctorCommand } from "./doctor/command.ts";
import { explainCommand } from "./explain/command.ts";
import { healthCommand } from "./health.ts";
import { etcdCommand } from "./etcd/command.ts";
import { fleetCommand } from "./fleet/command.ts";
import { linksCommand } from "./links.ts";
import { pageCommand } from "./page.ts";
import { schemaCommand } from "./schema.ts";
import { searchCommand } from "./search.ts";
import { selftestCommand } from "./selftest/command.ts";
import { tailCommand } from "./tail.ts";
import { topCommand } from "./top/command.ts";
import { transferCommand } from "./transfer.ts";
import { upCommand } from "./up.ts";
import { userCommand } from "./user.ts";
import { validateCommand } from "./validate.ts";

/** The whole command line; a wrong one ends the process with exit code 64, after a suggestion. */
export function weirCommand(): Command {
  const program = new Command("weir")
    .description("Log collection that accounts for every line.")
    .version(VERSION, "--version")
    .showHelpAfterError()
    .showSuggestionAfterError()
    .exitOverride((error) => Deno.exit(error.exitCode === 0 ? EXIT.ok : EXIT.usage));
  const commands = [
    upCommand(),
    pageCommand(),
    demoCommand(),
    searchCommand(),
    tailCommand(),
    explainCommand(),
    transferCommand(),
    configCommand(),
    fleetCommand(),
    etcdCommand(),
    topCommand(),
    auditCommand(),
    resendCommand(),
    deadLettersCommand(),
    archiveCommand(),
    restoreCommand(),
    doctorCommand(),
    selftestCommand(),
    userCommand(),
    validateCommand(),
    schemaCommand(),
    completionCommand(weirCommand),
    linksCommand(),
    healthCommand(),
  ];
  for (const command of commands) {
    // Wrong usage of a command ends as that of the program does.
    for (const one of [command, ...command.commands]) {
      one.copyInheritedSettings(program);
      one.showHelpAfterError("--help behind the command lists its options.");
    }
    program.addCommand(command);
  }
  return program;
}
