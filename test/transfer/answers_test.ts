/**
 * From real Kafka to a scripted bulk endpoint: answers that a healthy Elasticsearch will not give.
 */
import assert from "node:assert/strict";
import { BulkEndpoint, type BulkScript } from "../support/bulk_endpoint.ts";
import { type Changes, numberedLines, type RunningTransfer, Site, until } from "./site.ts";

interface Made {
  site: Site;
  topic: string;
  endpoint: BulkEndpoint;
  start(changes?: Changes): Promise<RunningTransfer>;
}

function test(name: string, run: (made: Made) => Promise<void>): void {
  Deno.test({
    name: `transfer, scripted answers: ${name}`,
    sanitizeOps: false, // the clients keep sockets and timers for a while
    sanitizeResources: false,
    async fn() {
      const site = await Site.open(), endpoint = new BulkEndpoint();
      try {
        const topic = await site.topic("t");
        const start = (changes: Changes = {}) =>
          site.transfer({
            ...changes,
            elasticsearch: { nodes: [endpoint.url], ...changes.elasticsearch as Changes },
          });
        await run({ site, topic, endpoint, start });
      } finally {
        await site.close();
        await endpoint.close();
      }
    },
  });
}

const COUNT = 1000;
const PROXY_PAGE = "<html><body>Bad Gateway</body></html>";
const html = { "content-type": "text/html" };
const errorBody = (status: number, type: string) =>
  JSON.stringify({ error: { type, reason: "scripted", root_cause: [] }, status });

/** Sends numbered lines, waits until all are committed, checks that each is there once. */
async function allOnce({ site, topic, endpoint }: Made, dead = 0): Promise<void> {
  await until("all committed", async () => (await site.committed(topic))[0] === COUNT);
  const ids = [...endpoint.documents.keys()].map((key) => key.slice(key.indexOf("/") + 1)).sort();
  const { uids } = numberedLines(topic, COUNT, 3);
  if (dead === 0) assert.deepEqual(ids, uids.sort());
  else assert.equal(ids.length, COUNT - dead);
}

/** Answers the first `times` bulk requests by the script, the rest as a healthy server. */
const first = (times: number, script: BulkScript): BulkScript => (call) =>
  call.number <= times ? script(call) : undefined;

const wholes: [string, string, BulkScript][] = [
  [
    "429",
    "ES_THROTTLED",
    () => ({ status: 429, body: errorBody(429, "circuit_breaking_exception") }),
  ],
  ["503", "ES_UNAVAILABLE", () => ({ status: 503, body: errorBody(503, "master_not_discovered") })],
  [
    "502 with a proxy's page",
    "ES_UNAVAILABLE",
    () => ({ status: 502, body: PROXY_PAGE, headers: html }),
  ],
  [
    "400 with a proxy's page",
    "ES_ANSWER_UNKNOWN",
    () => ({ status: 400, body: PROXY_PAGE, headers: html }),
  ],
  [
    "half a JSON body",
    "ES_ANSWER_BROKEN",
    () => ({ status: 200, body: '{"items":[{"create":{"sta' }),
  ],
  [
    "an answer for fewer documents",
    "ES_ANSWER_BROKEN",
    () => ({ status: 200, body: '{"items":[]}' }),
  ],
  ["an empty answer", "ES_ANSWER_BROKEN", () => ({ status: 200, body: "" })],
  ["a page of another product", "ES_NOT_ELASTICSEARCH", () => ({
    status: 200,
    body: PROXY_PAGE,
    headers: { ...html, "x-elastic-product": "other" },
  })],
];
for (const [name, code, script] of wholes) {
  test(`${name} is tried again until it passes`, async (made) => {
    const { site, topic, endpoint, start } = made;
    endpoint.script = first(3, script);
    await site.send(numberedLines(topic, COUNT, 3).lines);
    const transfer = await start();
    await allOnce(made);
    assert.ok(await transfer.metric("weir_transfer_failures_total", { code }) > 0, code);
    assert.equal(await transfer.metric("weir_transfer_dead_letters_total"), 0);
  });
}

for (const status of [401, 403]) {
  test(`${status} commits nothing, says so, and goes on once it is allowed`, async (made) => {
    const { site, topic, endpoint, start } = made;
    let allowed = false;
    endpoint.script = () =>
      allowed ? undefined : { status, body: errorBody(status, "security_exception") };
    await site.send(numberedLines(topic, COUNT, 3).lines);
    const transfer = await start();
    await until(
      "not ready",
      () => transfer.transfer.notReady().some((reason) => reason.startsWith("ES_NOT_ALLOWED")),
    );
    assert.deepEqual(await site.committed(topic), [0]);
    allowed = true;
    await allOnce(made);
    assert.deepEqual(transfer.transfer.notReady(), []);
  });
}

test("items that failed are tried again alone, the others are not", async (made) => {
  const { site, topic, endpoint, start } = made;
  const answers = [
    { status: 429, type: "es_rejected_execution_exception" },
    { status: 503, type: "unavailable_shards_exception" },
    { status: 403, type: "cluster_block_exception" },
    { status: 400, type: "validation_exception", reason: "this action would add [2] shards" },
  ];
  const failedOnce = new Set<string>();
  endpoint.script = () => (item) => {
    const number = Number(/line (\d+)/.exec(String(item.document.message))?.[1]);
    if (number % 2 === 0 || failedOnce.has(item.id)) return "ok";
    failedOnce.add(item.id);
    return answers[Math.floor(number / 2) % answers.length];
  };
  await site.send(numberedLines(topic, COUNT, 3).lines);
  const transfer = await start();
  await allOnce(made);
  const sent = endpoint.calls.reduce((sum, call) => sum + call.items.length, 0);
  assert.equal(sent, COUNT + COUNT / 2);
  const metric = (labels: Record<string, string>) =>
    transfer.metric("weir_transfer_bulk_items_total", labels);
  assert.equal(await metric({ result: "created" }), COUNT);
  for (
    const code of ["ES_THROTTLED", "ES_UNAVAILABLE", "ES_CLUSTER_BLOCK", "ES_INDEX_NOT_CREATED"]
  ) {
    assert.equal(await metric({ result: "retry", code }), COUNT / 8, code);
  }
});

test("a body that is too large is halved; the one document that is goes to the dead letters", async (made) => {
  const { site, topic, endpoint, start } = made;
  endpoint.script = (call) => {
    const huge = call.items.some(({ document }) =>
      String(document.message).startsWith("line 0000500")
    );
    return huge || call.items.length > 100 ? { status: 413, body: "", headers: html } : undefined;
  };
  await site.send(numberedLines(topic, COUNT, 3).lines);
  const transfer = await start();
  await allOnce(made, 1);
  const [dead] = await site.deadLetters(1);
  assert.match(new TextDecoder().decode(dead.value), /^line 0000500/);
  assert.equal(dead.headers["weir.dead.code"], "ES_BODY_TOO_LARGE");
  assert.equal(await transfer.metric("weir_transfer_dead_letters_total"), 1);
});

test("an answer that is lost after the documents were taken doubles nothing", async (made) => {
  const { site, topic, endpoint, start } = made;
  let lost = 0;
  endpoint.script = (call) => {
    if (call.number > 3) return undefined;
    lost++;
    for (const item of call.items) {
      endpoint.documents.set(`${item.index}/${item.id}`, item.document);
    }
    return { status: 504, body: PROXY_PAGE, headers: html };
  };
  await site.send(numberedLines(topic, COUNT, 3).lines);
  const transfer = await start();
  await allOnce(made);
  assert.ok(lost > 0);
  const existed = await transfer.metric("weir_transfer_bulk_items_total", { result: "exists" });
  assert.ok(existed > 0);
});

test("no document is sent before the index template is there", async (made) => {
  const { site, topic, endpoint, start } = made;
  await site.send(numberedLines(topic, COUNT, 3).lines);
  const before: string[] = [];
  endpoint.script = (call) => {
    if (call.number === 1) before.push(...endpoint.others);
    return undefined;
  };
  await start();
  await allOnce(made);
  assert.ok(before.some((request) => request.startsWith("PUT /_index_template/")));
});

test("sends the API key of its file", async (made) => {
  const { site, topic, start } = made;
  const file = await Deno.makeTempFile();
  const seen = Promise.withResolvers<string | null>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    seen.resolve(request.headers.get("authorization"));
    return new Response("", { status: 503 });
  });
  try {
    await Deno.writeTextFile(file, "aWQ6a2V5\n");
    await site.send(numberedLines(topic, 1, 1).lines);
    const nodes = [`http://127.0.0.1:${server.addr.port}`];
    const transfer = await start({ elasticsearch: { nodes, apiKeyFile: file } });
    assert.equal(await seen.promise, "ApiKey aWQ6a2V5");
    await transfer.stop(500);
  } finally {
    await server.shutdown();
    await Deno.remove(file);
  }
});

for (
  const [name, code, answer] of [
    ["an index that cannot be made for want of shards", "ES_INDEX_NOT_CREATED", {
      status: 400,
      type: "validation_exception",
      reason:
        "Validation Failed: 1: this action would add [2] shards, but this cluster currently " +
        "has [1000]/[1000] maximum normal shards open;",
    }],
    ["an index that is read-only", "ES_CLUSTER_BLOCK", {
      status: 403,
      type: "cluster_block_exception",
      reason: "index blocked by: [FORBIDDEN/12/index read-only / allow delete (api)]",
    }],
  ] as const
) {
  test(`${name} is waited for with an alarm, and nothing is a dead letter`, async (made) => {
    const { site, topic, endpoint, start } = made;
    let mended = false;
    endpoint.script = () => mended ? undefined : () => answer;
    await site.send(numberedLines(topic, COUNT, 3).lines);
    const transfer = await start();
    const problems = () =>
      transfer.transfer.status().problems as { code: string; reason: string }[];
    await until("the alarm", () => problems().some((one) => one.code === code));
    await until(
      "tried again",
      async () =>
        await transfer.metric("weir_transfer_bulk_items_total", { result: "retry", code }) > COUNT,
    );
    assert.ok(problems()[0].reason.includes(answer.reason.slice(0, 40)));
    assert.deepEqual(await site.committed(topic), [0]);
    mended = true;
    await allOnce(made);
    assert.equal(await transfer.metric("weir_transfer_dead_letters_total"), 0);
    await until("no problem is left", () => problems().length === 0);
  });
}
