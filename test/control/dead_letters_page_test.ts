/**
 * Dead letters on the page: a viewer sees them and may not send them; an operator sends them again in a real Chromium, and
 * each is in the topic that it came from, once.
 */
import assert from "node:assert/strict";
import { Kafka, logLevel } from "kafkajs";
import type { Registered } from "../../core/fleet/registration_schema.ts";
import { newToken } from "../../search/access/users.ts";
import { DEAD_HEADER } from "../../transfer/dead_letter.ts";
import { textsOf } from "../agent/ship_site.ts";
import { openBrowser, openPage } from "../page/browser.ts";
import { look } from "../page/look.ts";
import { PASSWORD, startOperatorPage } from "./operator_page.ts";
import { Site } from "./site.ts";

const LINES = ["refused one", "refused two", "<b>refused</b> three"];

Deno.test({
  name: "fleet page: dead letters are seen by a viewer, and sent again by an operator alone, once",
  sanitizeOps: false, // the clients keep sockets and timers for a while
  sanitizeResources: false,
  async fn() {
    await using site = await Site.open();
    const dead = `${site.topic}-dead`, viewer = newToken();
    await writeLetters(site, dead);
    await register(site);
    const page = await startOperatorPage(
      site,
      [{ name: "viewer", token: viewer.hash }],
      { deadTopic: dead },
    );
    try {
      const url = (await page.waitForLine(/Weir is at\s+(http:\S+)/))[1];
      const headers = { authorization: `Bearer ${viewer.token}`, "x-weir-change": "1" };
      const list = async () =>
        await (await fetch(`${url}api/fleet/dead?limit=2`, { headers })).json();
      const { letters, more } = await list();
      assert.deepEqual([letters.length, more, letters[0].text], [2, true, LINES[0]]);
      assert.deepEqual([letters[0].code, letters[0].topic], ["ES_REJECTED", site.topic]);
      const refused = await fetch(`${url}api/fleet/dead`, { method: "POST", headers, body: "{}" });
      assert.deepEqual([refused.status, (await refused.json()).code], [403, "ACCESS_OPERATOR"]);
      assert.deepEqual(await textsOf(site.kafka, site.topic), []);
      await sendAgain(url, site);
      assert.deepEqual((await textsOf(site.kafka, site.topic)).sort(), [...LINES].sort());
      assert.deepEqual((await list()).letters, []);
    } finally {
      await page.stop();
    }
  },
});

async function sendAgain(url: string, site: Site): Promise<void> {
  const browser = await openBrowser();
  try {
    const login = { username: "boss", password: PASSWORD };
    const opened = await openPage(browser, `${url}fleet?id=${site.group}-t`, { login });
    const { page } = opened;
    await page.getByRole("button", { name: "Show dead letters" }).click();
    await page.locator(".dead li", { hasText: "<b>refused</b> three" }).waitFor();
    await look(page, "fleet-dead-letters");
    await page.getByRole("button", { name: "Send all of them again…" }).click();
    await page.getByRole("button", { name: "Send again, to the topics they came from" }).click();
    await page.getByText("3 sent again").waitFor();
    await page.getByText("There are none that were not sent again.").waitFor();
    assert.deepEqual([opened.complaints, opened.foreign], [[], []]);
  } finally {
    await browser.close();
  }
}

/** As a transfer writes them. */
async function writeLetters(site: Site, dead: string): Promise<void> {
  const kafka = new Kafka({ brokers: [site.kafka], logLevel: logLevel.NOTHING });
  const admin = kafka.admin(), producer = kafka.producer({ allowAutoTopicCreation: false });
  await admin.connect();
  await producer.connect();
  try {
    const one = { numPartitions: 1, replicationFactor: 1 };
    const topics = [{ topic: dead, ...one }, { topic: site.topic, ...one }];
    await admin.createTopics({ waitForLeaders: true, topics });
    const messages = LINES.map((value, i) => ({
      value,
      headers: {
        [DEAD_HEADER.code]: "ES_REJECTED",
        [DEAD_HEADER.reason]: "mapper_parsing_exception",
        [DEAD_HEADER.topic]: site.topic,
        [DEAD_HEADER.partition]: "0",
        [DEAD_HEADER.offset]: String(i),
        [DEAD_HEADER.timestamp]: String(Date.now()),
      },
    }));
    await producer.send({ topic: dead, acks: -1, messages });
  } finally {
    await producer.disconnect();
    await admin.disconnect();
  }
}

/** A transfer, as far as etcd tells. */
async function register(site: Site): Promise<void> {
  const registered: Registered = {
    v: 1,
    program: "transfer",
    id: `${site.group}-t`,
    instance: "i",
    host: "kafka-1",
    version: "0.1.0",
    started: new Date().toISOString(),
    labels: { site: site.group },
    groups: [],
    ip: "10.0.0.1",
    status: "",
    applied: { revision: 0, state: "NONE", reason: "", candidate: "", keys: {} },
    health: { ok: true, reasons: [], problems: 0 },
    summary: { partitions: 1, lagRecords: 0, deadLetters: LINES.length },
  };
  const key = `/weir/live/transfer/${registered.id}`;
  await site.client.lease(60).put(key).value(JSON.stringify(registered));
}
