/** `weir health`: asks a page on this machine whether it is alive; for containers, whose images have nothing else. */
import { Command } from "commander";
import { askHealth } from "../core/program.ts";
import { runAndExit } from "./api_client.ts";

export function healthCommand(): Command {
  return new Command("health")
    .description("ask a page on this machine whether it is alive: 0 or 69")
    .argument("[host:port]", "where it listens", "127.0.0.1:7700")
    .action((address: string) => runAndExit(async () => Deno.exit(await askHealth(address))));
}
