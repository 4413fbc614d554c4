/** One change for a group of three real agents: planned, tried on one, taken back or promoted; history of all of it. */
import assert from "node:assert/strict";
import { waitFor } from "../support/wait.ts";
import { answerOnTerminal } from "./on_terminal.ts";
import { Site } from "./site.ts";

Deno.test({
  name: "config: a value that fails on the host alone is taken back, a good one is applied by all",
  sanitizeOps: false, // gRPC keeps its connection for a while after it is closed
  sanitizeResources: false,
  async fn() {
    await using site = await Site.open();
    const { target, topic } = site, hosts = ["one", "two", "three"];
    for (const host of hosts) {
      await site.startAgent(host);
      await Deno.writeTextFile(site.folder.join("logs/app.log"), "first\n");
    }
    await site.waitForAgents(3);

    const good = [{ path: `${site.folder.path}/logs/app.log`, topic }];
    const set = await site.weir("config", "set", target, await site.value(good), "--why", "begin");
    assert.equal(set.code, 0, set.stderr);
    await waitFor("all to apply it", async () => {
      return [...(await site.live()).values()].every(({ applied }) => applied.state === "APPLIED");
    });

    // Right in form, and wrong on the host: outside of what it may read.
    const bad = [...good, { path: "/etc/passwd", topic }];
    const settings = site.folder.join("weir.yaml");
    await Deno.writeTextFile(settings, `answers: ${site.answerTopic}\n`);
    const reach = ["-c", settings, "--brokers", site.kafka];
    const planned = await site.weir("config", "plan", target, await site.value(bad), ...reach);
    assert.equal(planned.code, 1, planned.stderr);
    assert.match(planned.stdout, /3 of 3 hosts answered, 3 with problems/);
    assert.match(planned.stdout, /PATH_OUTSIDE_ROOTS: Cannot read "\/etc\/passwd"/);

    const trial = ["config", "apply", target, await site.value(bad), "--canary", "two"];
    const unasked = await site.weir(...trial, ...reach);
    assert.equal(unasked.code, 64, unasked.stdout);
    assert.match(unasked.stderr, /no terminal to ask on.*--yes/s);
    const args = [...trial, ...reach, "--etcd", site.etcd];
    const refusing = await answerOnTerminal(args, /\[y\/N\]/, "n");
    assert.match(
      refusing,
      /3 with problems.*Write it to group\/.*\? \[y\/N\].*Nothing was written/s,
    );

    const taken = await site.weir(...trial, ...reach, "--hold", "1", "--yes");
    assert.equal(taken.code, 1, taken.stdout);
    assert.match(taken.stdout, /3 with problems.*PATH_OUTSIDE_ROOTS.*1 canaries/s, "plan first");
    assert.match(taken.stderr, /Taken back: two: .*PATH_OUTSIDE_ROOTS/s);
    assert.deepEqual(JSON.parse((await site.client.get(site.key).string())!), good);
    await waitFor("the canary to be back", async () => {
      const two = (await site.live()).get("two")!;
      return two.applied.candidate === "" && two.health.problems === 0 &&
        two.applied.state === "APPLIED";
    }, { detail: async () => JSON.stringify((await site.live()).get("two")) });
    assert.equal(await site.client.get(`/weir/candidate/${target}`).string(), null);

    const better = [...good, { path: `${site.folder.path}/logs/more*.log`, topic }];
    const clear = await site.weir("config", "plan", target, await site.value(better), ...reach);
    assert.equal(clear.code, 0, clear.stdout + clear.stderr);
    assert.match(clear.stdout, /3 of 3 hosts answered, 0 with problems/);
    const applied = await site.weir(
      ...["config", "apply", target, await site.value(better), "--hold", "1", "--why", "more"],
      ...["--yes", ...reach],
    );
    assert.equal(applied.code, 0, applied.stdout + applied.stderr);
    console.log(applied.stdout.trim());
    assert.match(applied.stdout, /applied by 3 of 3/);

    const refused = await site.weir(
      ...["config", "set", target, await site.value(good), "--base", "1"],
    );
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /is not at revision 1 any more, changed by operator@/);

    await site.client.put(site.key).value("[]"); // by hand, as with etcdctl
    const history = await site.weir("config", "history", target, "--json");
    const changes = history.stdout.trim().split("\n").map((line) => JSON.parse(line));
    assert.deepEqual(changes.map(({ how, who }) => [how, who.split("@")[0]]), [
      ["set", "operator"],
      ["apply", "operator"],
      ["unknown", "unknown"],
    ]);
    assert.deepEqual(JSON.parse(changes[2].before), better);

    const back = await site.weir("config", "rollback", target);
    assert.equal(back.code, 0, back.stderr);
    assert.deepEqual(JSON.parse((await site.client.get(site.key).string())!), better);

    const fleet = await site.weir("fleet", "--label", `site=${site.group}`);
    console.log(fleet.stdout.trim());
    assert.equal(fleet.stdout.trim().split("\n").length, 4);
  },
});

const RUSHED = ["--hold", "60", "--yes", "--no-plan"];

Deno.test({
  name: "config: what a killed command was trying out does not stay",
  sanitizeOps: false, // as above
  sanitizeResources: false,
  async fn() {
    await using site = await Site.open();
    await site.startAgent("one");
    await site.waitForAgents(1);
    const file = await site.value([{ path: `${site.folder.path}/logs/a.log`, topic: site.topic }]);
    const command = site.weirProgram("config", "apply", site.target, file, ...RUSHED);
    await waitFor("the trial", async () => {
      return (await site.live()).get("one")!.applied.candidate !== "";
    }, { detail: () => command.tail() });
    await command.kill9();
    await waitFor("its end", async () => {
      return (await site.live()).get("one")!.applied.candidate === "";
    });
    assert.equal(await site.client.get(site.key).string(), null);
  },
});
