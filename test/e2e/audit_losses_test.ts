/**
 * `weir audit` where lines are not in the index for a reason: a rule of the transfer dropped them, or their file went
 * while no agent ran, read to its end or not. Neither is taken for a fault of the chain, and a line taken out beside them is still found.
 */
import assert from "node:assert/strict";
import { waitFor } from "../support/wait.ts";
import { Chain } from "./chain.ts";

const LINES = 1000, WAIT = { timeoutMs: 60_000 };

Deno.test({
  name: "audit: lines dropped by a rule, a file gone while the agent was down",
  sanitizeOps: false, // the clients keep sockets and timers for a while
  sanitizeResources: false,
  async fn() {
    await using chain = await Chain.open();
    const log = chain.folder.join("logs/app.log"), gone = chain.folder.join("logs/gone.log");
    await Deno.mkdir(chain.folder.join("logs"));
    const line = (i: number) => `2026-11-20 10:00:00 ${i % 4 === 0 ? "DEBUG" : "INFO"} line ${i}\n`;
    const lines = Array.from({ length: LINES }, (_, i) => line(i));
    await Deno.writeTextFile(log, lines.join(""));
    await Deno.writeTextFile(gone, "INFO one\nINFO two\n");
    const rules = chain.folder.join("rules.json");
    const drop = [{ name: "noise", contains: "DEBUG" }];
    await Deno.writeTextFile(rules, JSON.stringify([{ topic: chain.topic, drop }]));
    const slow = chain.folder.join("logs/slow/slow.log");
    await chain.tail([
      { path: `${chain.folder.join("logs")}/*.log`, topic: chain.topic },
      { path: slow, topic: chain.topic, linesPerSecond: 1 },
    ]);
    const agent = await chain.startAgent();
    await chain.startTransfer(rules);
    const kept = LINES * 3 / 4 + 2;
    await waitFor("all documents", async () => await chain.documents() === kept, WAIT);

    const audit = async () => {
      const args = ["--config", chain.folder.join("weir-transfer.yaml"), "--topic", chain.topic];
      const ran = await chain.weir("audit", ...args, "--ledger", chain.ledger, "--json");
      return ran.stdout === "" ? undefined : { ...JSON.parse(ran.stdout), code: ran.code };
    };
    const noise = lines.filter((text) => text.includes("DEBUG")).join("").length;
    const size = lines.join("").length + 18;
    const whole = await waitFor("the ledger to have all", async () => {
      const found = await audit();
      return found?.acknowledgedBytes === size && found.missingBytes === 0 ? found : undefined;
    }, WAIT);
    assert.deepEqual(
      [whole.code, whole.indexed, whole.droppedBytes, whole.droppedByRule, whole.doubledBytes],
      [0, kept, noise, { noise }, 0],
    );
    chain.say("audit", `${whole.indexed} lines, dropped ${JSON.stringify(whole.droppedByRule)}`);

    const { hits } = await chain.elastic.search({
      index: chain.indices,
      query: { match_phrase: { message: "line 501" } },
    });
    const [{ _index, _id = "" }] = hits.hits;
    await chain.elastic.delete({ index: _index, id: _id, refresh: true });
    const [start, end] = _id.split(":")[1].split("-").map(Number);
    const planted = await audit();
    assert.deepEqual(planted.faults.map(({ missing }: { missing: unknown }) => missing), [
      [{ start, end }],
    ]);

    // Appended to and removed while no agent runs: nobody can know how much it was. And one of which some is unread.
    const slowSize = 100 * 10_000;
    await Deno.mkdir(chain.folder.join("logs/slow"));
    await Deno.writeTextFile(slow, `${"x".repeat(99)}\n`.repeat(slowSize / 100));
    await waitFor("a checkpoint with all files", async () => {
      const texts = await Promise.all(
        ["a", "b"].map((name) =>
          Deno.readTextFile(chain.folder.join(`state/checkpoint.${name}`)).catch(() => "")
        ),
      );
      return texts.some((text) =>
        text.includes('"size":18') && text.includes('"offset":18') &&
        text.includes(`"size":${slowSize}`)
      );
    }, WAIT);
    await agent.kill9();
    await Deno.writeTextFile(gone, "INFO three\n", { append: true });
    await Deno.remove(gone);
    await Deno.remove(slow);
    await chain.startAgent();
    const away = await waitFor("the ledger to say it", async () => {
      const found = await audit();
      return found?.away === 2 ? found : undefined;
    }, WAIT);
    const lost = away.faults.filter(({ unread }: { unread: number }) => unread > 0);
    assert.deepEqual(lost.map(({ path }: { path: string }) => path), [slow]);
    assert.equal(away.unreadBytes, lost[0].unread, "of the other none that it knew of");
    assert.ok(away.unreadBytes % 100 === 0 && away.unreadBytes <= slowSize, `${away.unreadBytes}`);
    chain.say("audit", `gone while no agent ran: 2 files, ${away.unreadBytes} bytes unread`);
  },
});
