import assert from "node:assert/strict";
import { Command } from "commander";
import { completion, type Shell } from "./completions.ts";
import { manPage } from "../deploy/packages/man.ts";

function program(): Command {
  const command = new Command("thing").description("Does a thing.").option(
    "-c, --config <file>",
    "it's [odd]: so",
  );
  command.addCommand(
    new Command("run").description("run it").argument("[path...]").option("--fast", "in a hurry"),
  );
  const config = new Command("config").description("look and change");
  config.addCommand(new Command("get").description("print").option("--json", "as JSON"));
  config.addCommand(new Command("set").description("write").option("--force", "at once"));
  command.addCommand(config);
  return command;
}

for (const shell of ["bash", "zsh", "fish"] as Shell[]) {
  Deno.test(`the completion for ${shell} names every command and option`, () => {
    const script = completion(program(), shell);
    for (const word of ["thing", "run", "fast"]) assert.ok(script.includes(word), word);
    const quotes = script.split("'").length - 1;
    assert.equal(quotes % 2, 0, "quotes are closed");
  });
}

async function completed(line: string): Promise<string[]> {
  const words = line.split(" ");
  const script = `${completion(program(), "bash")}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")})
COMP_CWORD=${words.length - 1}
_thing
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await new Deno.Command("bash", { args: ["-c", script] }).output();
  return new TextDecoder().decode(stdout).split("\n").filter((word) => word !== "");
}

Deno.test("bash completes commands, a command's options, and leaves paths to the shell", async () => {
  assert.deepEqual(await completed("thing r"), ["run"]);
  assert.deepEqual(await completed("thing run --f"), ["--fast"]);
  assert.deepEqual(await completed("thing --c"), ["--config"]);
  assert.deepEqual(await completed("thing run ./a"), []);
  assert.deepEqual(await completed("thing --config x config "), ["get", "set"]);
  assert.deepEqual(await completed("thing config get --j"), ["--json"]);
  assert.deepEqual(await completed("thing config s"), ["set"]);
});

Deno.test("the man page has the options, and no line of text that roff takes for a request", () => {
  const page = manPage({
    section: 8,
    command: program(),
    files: { "/etc/x": ".begins with a dot" },
  });
  assert.match(page, /\\-\\-config/);
  assert.match(page, /\.SS run/);
  assert.match(page, /\\&\.begins with a dot/);
  for (const line of page.split("\n").filter((line) => line.startsWith("."))) {
    assert.match(line, /^\.(TH|SH|SS|TP|B)\b/);
  }
});
