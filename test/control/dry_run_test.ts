/** `weir-agent --dry-run` beside what the agent then does: the same files, offsets and lines; and nothing else happens. */
import assert from "node:assert/strict";
import type { DryRun } from "../../agent/dry_run.ts";
import { textsOf } from "../agent/ship_site.ts";
import { waitFor } from "../support/wait.ts";
import { Site } from "./site.ts";

Deno.test({
  name: "weir-agent --dry-run says what the agent then does, and changes nothing",
  sanitizeOps: false, // gRPC keeps its connection for a while after it is closed
  sanitizeResources: false,
  async fn() {
    await using site = await Site.open();
    const { folder, topic } = site, state = folder.join("one-state");
    const run = async () => {
      const program = await site.startAgent("one", "--dry-run", "--json", "--lines", "20");
      const { code } = await program.exit;
      assert.notEqual(program.stdout, "", program.tail());
      return { code, found: JSON.parse(program.stdout) as DryRun };
    };
    await site.settingsOf("one");
    await Deno.writeTextFile(folder.join("logs/app.log"), "start\npassword=abc\nnoise\nend");
    await Deno.symlink("/etc/passwd", folder.join("logs/evil.log"));
    const entries = [
      {
        path: folder.join("logs/*.log"),
        topic,
        mask: [{ name: "secret", preset: "password" }],
        drop: [{ name: "noise", pattern: "^noise" }],
      },
      { path: folder.join("logs/a*"), topic },
      { path: folder.join("logs/later.txt"), topic },
    ];
    await site.client.put(site.key).value(JSON.stringify(entries));

    const { code, found: { plan, ...about } } = await run();
    assert.equal(code, 1, "there is something that cannot be read");
    assert.match(about.source, new RegExp(site.key));
    const [file] = plan.files, [lane] = file.lanes;
    const expected = ["start", "password=***", "end"];
    assert.deepEqual(lane.lines.map(({ text }) => text), expected);
    assert.deepEqual([lane.begin, lane.from, file.counts], [
      "new",
      0,
      { "dropped:noise": 1, "masked:secret": 1 },
    ]);
    assert.deepEqual(plan.collisions.map(({ kind, entries }) => [kind, entries]), [
      ["same-topic", [0, 1]],
    ]);
    assert.deepEqual(plan.problems.map(({ code, passes }) => [code, passes]), [
      ["NOTHING_MATCHES", true],
      ["PATH_OUTSIDE_ROOTS", false],
    ]);
    await assert.rejects(Deno.stat(state), Deno.errors.NotFound, "no state folder is made");
    assert.equal((await site.live()).size, 0, "it does not register");

    const agent = await site.startAgent("one");
    await waitFor("the lines", async () => {
      const texts = await textsOf(site.kafka, topic).catch(() => []);
      return texts.length >= expected.length && (assert.deepEqual(texts, expected), true);
    }, { detail: () => agent.tail() });
    await agent.stop();
    await Deno.writeTextFile(folder.join("logs/app.log"), "\nmore\n", { append: true });
    const checkpoint = await contents(state);
    const again = (await run()).found;
    const [then] = again.plan.files[0].lanes;
    assert.deepEqual([again.known, then.begin, then.from], [1, "known", 28]);
    assert.deepEqual(then.lines.map(({ text }) => text), ["", "more"]);
    assert.deepEqual(await contents(state), checkpoint, "the state folder is as it was");
  },
});

async function contents(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { name } of Deno.readDir(folder)) {
    found[name] = await Deno.readTextFile(`${folder}/${name}`);
  }
  return found;
}
