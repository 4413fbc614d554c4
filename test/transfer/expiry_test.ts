/** The audit where retention removed indices: their lines are expired, what was lost in what is kept is still missing. */
import assert from "node:assert/strict";
import { Client } from "@elastic/elasticsearch";
import { Kafka, logLevel } from "kafkajs";
import { LedgerLog } from "../../core/ledger/ledger_log.ts";
import type { Seal } from "../../core/ledger/seal.ts";
import { audit } from "../../cli/audit/audit.ts";
import { readWholeLedger } from "../../cli/audit/read_ledger.ts";
import { auditText } from "../../cli/audit/report.ts";
import { elasticsearchUrl, kafkaBroker } from "./servers.ts";
import { elastic, type Line, until } from "./site.ts";
import { siteFileTest } from "./site_tests.ts";

const GENERATION = "AbCdEfGh01234-_9", OLD = "OldOldOldOld1234";
const DAY_MS = 86_400_000, LINE_BYTES = 100;

const dayBack = (days: number) => new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10);

siteFileTest(
  "transfer, audit: what retention removed is expired, not missing",
  ".json",
  async (site, rules) => {
    const topic = await site.topic("a"), ledger = `${site.prefix}-ledger`;
    const line = (generation: string, i: number, back: number, value = `line ${i}`): Line => ({
      ...{ topic, value, generation, offset: i * LINE_BYTES, length: LINE_BYTES },
      headers: { "weir.day": dayBack(back) },
    });
    // One file of five days with a line that a rule drops, and one whose lines are all old.
    const days = [5, 5, 4, 3, 2, 1, 0];
    const lines = days.map((back, i) => line(GENERATION, i, back, i === 1 ? "noise" : `line ${i}`));
    await site.send([...lines, line(OLD, 0, 5), line(OLD, 1, 4)]);
    const drop = [{ name: "noise", contains: "noise" }];
    const changes = (retention: Record<string, unknown>) =>
      Deno.writeTextFile(rules, JSON.stringify([{ topic, drop, ...retention }]));
    await changes({});
    const settings = { topics: { file: rules }, ledger: { topic: ledger } };
    const first = await site.transfer(settings);
    await until("committed", async () => (await site.committed(topic))[0] === 9);
    await first.stop();

    const kafka = new Kafka({ brokers: [await kafkaBroker()], logLevel: logLevel.NOTHING });
    const log = new LedgerLog(kafka, ledger);
    await log.write([sealOf(topic, GENERATION, 7), sealOf(topic, OLD, 2)]);
    await log.close();
    const client = new Client({ node: await elasticsearchUrl() });
    try {
      const look = async () => {
        const read = await readWholeLedger(kafka, ledger);
        const found = await audit(read.seals, {
          ...{ client, index: `${site.prefix}-*`, topic, dead: new Map(), ...read },
        });
        return { found, of: new Map(found.files.map((file) => [file.seal.generation, file])) };
      };
      const brief = (file: Awaited<ReturnType<typeof look>>["found"]["files"][number]) => [
        file.indexed,
        file.expiredBytes,
        file.dropped,
        file.missing,
      ];
      const whole = (await look()).of;
      assert.deepEqual(brief(whole.get(GENERATION)!), [6, 0, { noise: LINE_BYTES }, []]);

      await changes({ retention: { days: 2 } });
      const running = await site.transfer({ ...settings, index: { retentionInterval: "1s" } });
      await until("the old days to be gone", async () => await site.count() === 3);
      const { found, of } = await look();
      assert.deepEqual(brief(of.get(GENERATION)!), [3, 300, { noise: LINE_BYTES }, []]);
      assert.deepEqual(brief(of.get(OLD)!), [0, 200, {}, []]);
      assert.match(auditText(found), /^expired +500 bytes$/m);
      const lost = "weir_transfer_ledger_lost_ranges_total";
      assert.equal(await running.metric(lost), 0);

      // A line of what is kept is taken out, and one of what is gone comes again, into today's index.
      const [{ _index, _id }] = (await site.documents()).filter(({ _source }) =>
        _source.message === "line 5"
      );
      await elastic("DELETE", `/${_index}/_doc/${_id}?refresh=true`);
      await site.send([line(OLD, 1, 4)]);
      await until("committed", async () => (await site.committed(topic))[0] === 10);
      const after = (await look()).of, hole = { start: 5 * LINE_BYTES, end: 6 * LINE_BYTES };
      assert.deepEqual(brief(after.get(GENERATION)!), [2, 300, { noise: LINE_BYTES }, [hole]]);
      assert.deepEqual(brief(after.get(OLD)!), [1, 100, {}, []]);
    } finally {
      await client.close();
    }
  },
);

function sealOf(topic: string, generation: string, lines: number): Seal {
  const size = lines * LINE_BYTES;
  return {
    ...{ v: 1, host: "web-1", path: "/var/log/app.log", device: 1, inode: 2, generation, topic },
    ...{ from: 0, to: size, lines, size, headLength: 10, head: generation, closed: false },
    ...{ unread: 0, guarantee: "all", atMs: Date.now() },
  };
}
