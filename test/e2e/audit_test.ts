/**
 * `weir audit` over the real chain: it finds nothing to say of a whole chain, finds exactly the line that is taken out
 * of the index, the one that is put in twice, and a file taken anew after its checkpoint was lost; and repairs what can be.
 */
import assert from "node:assert/strict";
import { waitFor } from "../support/wait.ts";
import { Chain } from "./chain.ts";

const lenient = { sanitizeOps: false, sanitizeResources: false };
const LINES = 5000;
const WAIT = { timeoutMs: 60_000 };

interface Result {
  files: number;
  indexed: number;
  acknowledgedBytes: number;
  missingBytes: number;
  doubledBytes: number;
  unreadBytes: number;
  unsealedBytes: number;
  faults: { path: string; missing: unknown[]; doubled: unknown[]; twin: string; unread: number }[];
}

Deno.test({
  name: "audit: a whole chain, a planted hole, a planted double, a renewed generation; repair",
  ...lenient,
  async fn() {
    await using chain = await Chain.open();
    const log = await chain.writeLog(LINES);
    const { size } = await Deno.stat(log);
    await chain.tail([{ path: `${chain.folder.join("logs")}/*.log*`, topic: chain.topic }]);
    const agent = await chain.startAgent();
    await chain.startTransfer();
    await waitFor("all documents", async () => await chain.documents() === LINES, WAIT);

    const audit = async (...more: string[]): Promise<Result & { code: number }> => {
      const args = ["--config", chain.folder.join("weir-transfer.yaml"), "--topic", chain.topic];
      const ran = await chain.weir("audit", ...args, "--ledger", chain.ledger, "--json", ...more);
      assert.notEqual(ran.stdout, "", ran.stderr);
      return { ...JSON.parse(ran.stdout), code: ran.code };
    };
    const whole = await waitFor("the ledger to have all", async () => {
      const found = await audit().catch((error) =>
        console.log(String(error).slice(0, 900), agent.stderr.slice(-900))
      );
      return found?.acknowledgedBytes === size ? found : undefined;
    }, WAIT);
    assert.deepEqual(
      [whole.code, whole.files, whole.indexed, whole.missingBytes, whole.doubledBytes],
      [0, 1, LINES, 0, 0],
    );
    chain.say("audit", `${whole.indexed} lines, ${whole.acknowledgedBytes} bytes: nothing missing`);

    // Three lines taken out of the index, two of them neighbours; one put in once more under another name.
    const { hits } = await chain.elastic.search<Record<string, unknown>>({
      index: chain.indices,
      sort: ["log.offset"],
      size: 200,
    });
    for (const at of [10, 11, 100]) {
      const { _id, _index } = hits.hits[at];
      await chain.elastic.delete({ index: _index, id: _id!, refresh: true });
    }
    const twice = hits.hits[150];
    await chain.elastic.index({
      index: twice._index,
      id: "planted",
      document: twice._source,
      refresh: true,
    });
    const range = (from: number, to: number) => {
      const [first, last] = [hits.hits[from]._id!, hits.hits[to]._id!];
      return { start: Number(/:(\d+)-/.exec(first)![1]), end: Number(/-(\d+)$/.exec(last)![1]) };
    };
    const planted = await audit();
    assert.equal(planted.code, 1);
    assert.deepEqual(
      planted.faults.map(({ path, missing, doubled }) => ({ path, missing, doubled })),
      [
        { path: log, missing: [range(10, 11), range(100, 100)], doubled: [range(150, 150)] },
      ],
    );
    const asked = new URLSearchParams({ host: "e2e-host", file: log });
    const page = await fetch(`${await chain.startPage()}api/fleet/audit?${asked}`);
    const shown = await page.json() as Result;
    assert.deepEqual(
      [shown.missingBytes, shown.doubledBytes, shown.faults[0].missing, shown.faults[0].doubled],
      [
        planted.missingBytes,
        planted.doubledBytes,
        planted.faults[0].missing,
        planted.faults[0].doubled,
      ],
      "the page says the same",
    );
    chain.say("audit", `planted faults found: ${JSON.stringify(planted.faults[0].missing)}`);

    await chain.elastic.delete({ index: twice._index, id: "planted", refresh: true });
    const repaired = await audit(
      "--repair",
      "--agent-config",
      chain.folder.join("weir-agent.yaml"),
    );
    assert.deepEqual([repaired.code, repaired.missingBytes, repaired.doubledBytes], [0, 0, 0]);
    assert.equal(repaired.indexed, LINES);
    const messages = await chain.messages();
    assert.equal(new Set(messages).size, LINES, "each line is there");
    chain.say("audit --repair", "missing 0, doubled 0");

    // By hand: the bytes of one line, into the index of its day.
    await chain.elastic.delete({
      index: hits.hits[20]._index,
      id: hits.hits[20]._id!,
      refresh: true,
    });
    const { start, end } = range(20, 20), agentConfig = chain.folder.join("weir-agent.yaml");
    const resend = ["--agent-config", agentConfig, "--ledger", chain.ledger];
    const sent = await chain.weir("resend", log, `${start}-${end}`, ...resend);
    assert.match(sent.stdout, /: 1 lines sent again/, sent.stderr);
    await waitFor("the line to be back", async () => {
      const { missingBytes, doubledBytes, indexed } = await audit();
      return missingBytes + doubledBytes === 0 && indexed === LINES;
    }, WAIT);

    // The checkpoint is lost: the file is taken anew, and every line is in the index twice.
    assert.equal((await agent.stop()).code, 0);
    for (const name of ["checkpoint.a", "checkpoint.b"]) {
      await Deno.remove(chain.folder.join(`state/${name}`)).catch(() => {}); // there may be one yet
    }
    await chain.startAgent();
    await waitFor("every line twice", async () => await chain.documents() === 2 * LINES, WAIT);
    const renewed = await waitFor("the renewed generation in the ledger", async () => {
      const found = await audit();
      return found.files === 2 && found.doubledBytes > 0 ? found : undefined;
    }, WAIT);
    assert.equal(renewed.doubledBytes, size);
    assert.ok(renewed.faults.some(({ twin }) => twin !== ""), "it names the other generation");
    chain.say("audit", `a renewed generation: ${renewed.doubledBytes} bytes doubled`);
  },
});
