/** `weir completion SHELL [PROGRAM]`: what a shell reads to complete the commands and options of a program. */
import { Argument, Command } from "commander";
import { agentCommand } from "../agent/command.ts";
import { monitorCommand } from "../monitor/command.ts";
import { transferCommand } from "../transfer/command.ts";
import { completion, type Shell } from "./completions.ts";

const SHELLS: readonly Shell[] = ["bash", "zsh", "fish"];

/** `weir` gives the tree that this command is part of; it is asked when the command runs. */
export function completionCommand(weir: () => Command): Command {
  const programs: Readonly<Record<string, () => Command>> = {
    "weir": weir,
    "weir-agent": agentCommand,
    "weir-transfer": transferCommand,
    "weir-monitor": monitorCommand,
  };
  return new Command("completion")
    .description("print the completion of commands and options for a shell")
    .addArgument(new Argument("<shell>").choices(SHELLS))
    .addArgument(
      new Argument("[program]", "default: weir").choices(Object.keys(programs)),
    )
    .action((shell: Shell, program = "weir") => {
      console.log(completion(programs[program](), shell).trimEnd());
    });
}
