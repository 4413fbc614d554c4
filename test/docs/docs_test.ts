/** Every command of the documents is run as it stands there, or has a reason why not, which must still be needed. */
import assert from "node:assert/strict";
import { SPECIFICATIONS } from "../../cli/specifications.ts";
import { loadSettings } from "../../core/config/load.ts";
import { messageOf } from "../../core/errors.ts";
import type { Program } from "../support/process.ts";
import { waitFor } from "../support/wait.ts";
import {
  blocksOf,
  commandsOf,
  type DocCommand,
  docCommands,
  documents,
  strayCommands,
} from "./commands.ts";
import { keyOf, type Play, PLAYS } from "./plays.ts";
import { World } from "./world.ts";

const WAIT = { timeoutMs: 60_000, everyMs: 500 };

Deno.test("documents: every command has an entry, and no entry is left over", () => {
  assert.deepEqual(strayCommands(), [], "commands stand in ```sh blocks");
  const needed = new Set(docCommands().map(({ text }) => keyOf(text)));
  const missing = docCommands().filter(({ text }) => PLAYS[keyOf(text)] === undefined)
    .map(({ file, line, text }) => `${file}:${line}: ${text}`);
  assert.deepEqual(missing, [], "add them to plays.ts");
  assert.deepEqual(Object.keys(PLAYS).filter((key) => !needed.has(key)), [], "take them away");
  for (const play of Object.values(PLAYS)) {
    if (play.kind === "test") assert.ok(Deno.statSync(play.file).isFile, play.file);
  }
});

Deno.test("documents: commands are found in sh blocks alone, whole, without remarks", () => {
  const text =
    "```sh\na 'b # c'   # remark\nb |\n  c\n```\n```yaml\nd: 1\n```\n```sh\n# e\nf\n```\n";
  const found = commandsOf("x.md", text).map(({ line, block, text }) => [line, block, text]);
  assert.deepEqual(found, [[2, 0, "a 'b # c'"], [3, 0, "b |\n  c"], [11, 2, "f"]]);
});

Deno.test("documents: every block of settings is right", () => {
  const seen: string[] = [];
  for (const file of documents("")) {
    for (const block of blocksOf(file, "yaml")) {
      // "# agent.yaml, transfer.yaml": part of either.
      const names = [.../^# (.*)/.exec(block)?.[1].matchAll(/(\w+)\.yaml/g) ?? []];
      assert.ok(names.length > 0, `${file}: say whose settings begin with ${block.slice(0, 60)}`);
      for (const [, name] of names) {
        const { schema } = SPECIFICATIONS[name];
        loadSettings(schema, block, { name: `${file}, ${name}`, env: () => undefined });
        seen.push(name);
      }
    }
  }
  assert.ok(seen.length >= 7, seen.join());
});

Deno.test({
  name: "documents: every command does what the document says",
  sanitizeOps: false, // programs and servers
  sanitizeResources: false,
  async fn(t) {
    await using world = await World.open();
    const blocks = Map.groupBy(docCommands(), ({ file, block }) => `${file}, block ${block + 1}`);
    // The front page first: what it ships is what others look at.
    const names = [...blocks.keys()].sort((a, b) =>
      Number(b.startsWith("README.md")) - Number(a.startsWith("README.md"))
    );
    for (const name of names) {
      const commands = blocks.get(name)!;
      if (commands.every(({ text }) => ["not", "test"].includes(PLAYS[keyOf(text)].kind))) continue;
      await t.step({
        name,
        sanitizeOps: false,
        sanitizeResources: false,
        fn: () => play(world, commands),
      });
    }
  },
});

/** Types a block's commands one after the other, then ends what they started. */
async function play(world: World, commands: readonly DocCommand[]): Promise<void> {
  const running: { text: string; program: Program }[] = [];
  let page = "";
  try {
    for (const { file, line, text } of commands) {
      const what = PLAYS[keyOf(text)];
      try {
        // One folder of data belongs to one of them.
        const before = running.findLast((one) => /^weir up\b/.test(one.text));
        if (/^weir up\b/.test(text)) await before?.program.stop();
        const program = await one(world, text, what, page);
        if (program === undefined) continue;
        running.push({ text, program });
        if (what.kind === "service") {
          page = (await program.waitForLine(what.ready, 60_000))[1] ?? page;
        }
      } catch (error) {
        throw new Error(`${file}:${line}: ${text}: ${messageOf(error)}`);
      }
    }
  } finally {
    for (const { program } of running) await program.stop();
  }
  for (const { text, program } of running) {
    // npm may end of the signal before its program has.
    const fine = text.includes("npm ") ? [0, 143] : [0];
    assert.ok(fine.includes((await program.exit).code), `${text}: ${program.tail()}`);
  }
}

async function one(
  world: World,
  text: string,
  what: Play,
  page: string,
): Promise<Program | undefined> {
  const more = "with" in what && what.with ? ` ${what.with}` : "";
  const line = world.said(text + more, page);
  if (what.kind === "unit") return await world.root.startUnit(what.name);
  if (what.kind === "service") {
    return what.on === "the checkout" ? world.checkout(text) : world.service(line);
  }
  if (what.kind !== "once") return undefined;
  const { says, code = 0 } = what;
  const ask = () => what.on === "this machine" ? world.here(line) : world.once(line, code);
  if (says === undefined) await ask();
  else {
    let last = "";
    await waitFor(`${line} to say ${says}`, async () => says.test(last = await ask()), {
      ...WAIT,
      detail: () => last.slice(-2000),
    });
  }
  return undefined;
}
