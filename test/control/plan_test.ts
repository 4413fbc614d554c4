/** `weir config plan`: real agents answer through Kafka what a value would do; nothing is written, nobody is forgotten. */
import assert from "node:assert/strict";
import type { Answer } from "../../core/fleet/question_schema.ts";
import { textsOf } from "../agent/ship_site.ts";
import { waitFor } from "../support/wait.ts";
import { Site } from "./site.ts";

interface Said {
  answers: Answer[];
  silent: { host: string }[];
}

Deno.test({
  name: "config plan: each host says what it would do there, and who does not answer is named",
  sanitizeOps: false, // gRPC keeps its connection for a while after it is closed
  sanitizeResources: false,
  async fn() {
    await using site = await Site.open();
    const { target, topic, folder, client } = site;
    for (const host of ["one", "two", "three"]) await site.startAgent(host);
    await Deno.writeTextFile(folder.join("logs/app.log"), "first\npassword=abc\n");
    await Deno.writeTextFile(folder.join("logs/old.log"), "old\n");
    await site.waitForAgents(3);
    const now = [{ path: folder.join("logs/[ao]*.log"), topic }];
    await client.put(site.key).value(JSON.stringify(now));
    await waitFor("all to have sent three lines", async () => {
      return (await textsOf(site.kafka, topic).catch(() => [])).length === 9;
    });
    await Deno.writeTextFile(folder.join("logs/new.log"), "password=new\nmore\n");

    const mask = [{ name: "secret", preset: "password" }];
    const value = await site.value([
      { path: folder.join("logs/app.log"), topic, mask },
      { path: folder.join("logs/a*"), topic },
      { path: folder.join("logs/new.log"), topic, mask },
      { path: "/etc/passwd", topic },
    ]);
    const settings = folder.join("weir.yaml");
    await Deno.writeTextFile(settings, `answers: ${site.answerTopic}\n`);
    const ask = (...more: string[]) =>
      site.weir("config", "plan", target, value, "-c", settings, "--brokers", site.kafka, ...more);
    const first = await ask("--json");
    assert.equal(first.code, 1, first.stderr);
    const { answers, silent } = JSON.parse(first.stdout) as Said;
    assert.deepEqual(silent, []);
    assert.deepEqual(answers.map(({ host }) => host), ["one", "three", "two"]);
    for (const { fault, plan, begins, ends, ended } of answers) {
      assert.equal(fault, "");
      const [app, fresh] = plan!.files;
      const { begin, from, earlier, lines } = app.lanes[0];
      assert.deepEqual([begin, from, earlier], ["known", 19, true]);
      assert.deepEqual(lines.map(({ text }) => text), ["first", "password=***"]);
      assert.deepEqual(fresh.lanes[0].lines.map(({ text }) => text), ["password=***", "more"]);
      assert.equal(fresh.lanes[0].begin, "new");
      assert.deepEqual(plan!.collisions.map(({ kind }) => kind), ["same-topic"]);
      assert.deepEqual(plan!.problems.map(({ code }) => code), ["PATH_OUTSIDE_ROOTS"]);
      assert.deepEqual([begins, ends], [1, 1]);
      assert.deepEqual(ended, [`${folder.join("logs/old.log")} → ${topic}`]);
    }
    assert.deepEqual(JSON.parse((await client.get(site.key).string())!), now);
    const questions = await client.getAll().prefix(`/weir/question/${target}/`).keys();
    assert.deepEqual(questions, [], "the question ends with the command");

    // A host whose version knows no plan: it is registered, and says nothing.
    const one = (await site.live()).get("one")!;
    const old = { ...one, id: `${one.id}-old`, host: "old" };
    const key = `/weir/live/agent/${old.id}`;
    await client.put(key).value(JSON.stringify(old));
    const text = await ask("--wait", "4");
    await client.delete().key(key);
    console.log(text.stdout.trim());
    assert.match(text.stdout, /3 of 4 hosts answered, 3 with problems/);
    assert.match(text.stdout, /^old: no answer within 4 s/m);
    assert.doesNotMatch(text.stdout, /abc/, "no secret");

    const chosen = JSON.parse((await ask("--json", "--host", "two")).stdout) as Said;
    assert.deepEqual(chosen.answers.map(({ host }) => host), ["two"]);
  },
});
