/**
 * `weir audit` where lines are not in the index for a reason: a rule of the transfer dropped them, or their file went
 * while no agent ran. Neither is taken for a fault of the chain, and a line taken out beside them is still found.
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
    await chain.tail([{ path: `${chain.folder.join("logs")}/*.log`, topic: chain.topic }]);
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

    // Appended to and removed while no agent runs: nobody can know how much it was.
    await waitFor("a checkpoint with both files", async () => {
      const texts = await Promise.all(
        ["a", "b"].map((name) =>
          Deno.readTextFile(chain.folder.join(`state/checkpoint.${name}`)).catch(() => "")
        ),
      );
      return texts.some((text) => text.includes('"size":18') && text.includes('"offset":18'));
    }, WAIT);
    await agent.kill9();
    await Deno.writeTextFile(gone, "INFO three\n", { append: true });
    await Deno.remove(gone);
    await chain.startAgent();
    const away = await waitFor("the ledger to say it", async () => {
      const found = await audit();
      return found?.away === 1 ? found : undefined;
    }, WAIT);
    assert.equal(away.unreadBytes, 0, "none that it knew of");
    chain.say("audit", `gone while no agent ran: ${away.away} file`);
  },
});
