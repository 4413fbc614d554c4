/** The API over a real socket: answers, streams, bounds, cancelling, tailing without gaps, and who is let in. */
import assert from "node:assert/strict";
import { WeirError } from "../../core/errors.ts";
import type { DocumentReader } from "../../core/ports/document_store.ts";
import { newRegistry } from "../../core/metrics/registry.ts";
import { createSearchServer } from "../../search/server.ts";
import { Events, Site, START_MS, TOPIC } from "./site.ts";

async function withSite(run: (site: Site) => Promise<void>, options = {}): Promise<void> {
  const site = await Site.open(options);
  try {
    await run(site);
  } finally {
    await site.close();
  }
}

/** Registers a test for each store: the API promises the same over all of them. */
function apiTest(name: string, run: () => Promise<void>): void {
  for (const kind of ["memory", "embedded"] as const) {
    Deno.test(`${name} (${kind} store)`, async () => {
      Site.kind = kind;
      await run();
    });
  }
}

const numberOf = (line: { message: string }) => Number(/number=(\d+)/.exec(line.message)![1]);

apiTest(
  "GET /api/search streams documents in both orders, page by page",
  () =>
    withSite(async (site) => {
      await site.addNumbered(250);
      const newest = await site.lines("/api/search?limit=100");
      assert.deepEqual(newest.map(numberOf), Array.from({ length: 100 }, (_, i) => 249 - i));
      const seen: number[] = [];
      let after = "";
      for (;;) {
        const page = await site.lines(`/api/search?order=oldest&limit=60&after=${after}`);
        seen.push(...page.map(numberOf));
        if (page.length < 60) break;
        const last = page[page.length - 1];
        after = encodeURIComponent(
          `${Date.parse(last["@timestamp"])}~${last["log.file.generation"]}~${
            last["log.offset"]
          }~${last.topic}`,
        );
      }
      assert.deepEqual(seen, Array.from({ length: 250 }, (_, i) => i));
    }),
);

apiTest(
  "GET /api/search applies query and times in the zone given",
  () =>
    withSite(async (site) => {
      await site.addNumbered(100);
      const found = await site.lines(
        "/api/search?q=level:error&order=oldest&since=2026-11-21%2016:00:10&until=2026-11-21T08:00:30Z" +
          "&tz=Asia/Shanghai",
      );
      assert.deepEqual(found.map(numberOf), [13, 20, 27]);
      assert.deepEqual(await site.json("/api/count?q=level:error"), { count: 14 });
      const { headers, body } = await site.get("/api/search?since=2026-11-21T08:00:00Z&limit=1");
      assert.equal(headers.get("weir-range"), "2026-11-21T08:00:00.000Z/");
      await body?.cancel();
    }),
);

apiTest("GET /api/histogram, /api/fields and /api/values count", () =>
  withSite(async (site) => {
    await site.addNumbered(120);
    await site.add(['{"time":"2026-11-21T08:00:05Z","level":"info","status":503}'], 1);
    const histogram = await site.json("/api/histogram?bucket=60s");
    assert.equal(histogram.bucketMs, 60_000);
    assert.equal(histogram.total, 121);
    assert.deepEqual(
      histogram.buckets.map((bucket: any) => [bucket.startMs - START_MS, bucket.count]),
      [[0, 61], [60_000, 60]],
    );
    const { fields, sample } = await site.json("/api/fields");
    assert.equal(sample, 121);
    const byName = new Map(fields.map((one: any) => [one.field, one]));
    assert.deepEqual((byName.get("host.name") as any).values, [
      { value: "web-1", count: 120 },
      { value: "web-2", count: 1 },
    ]);
    assert.equal((byName.get("status") as any).present, 1);
    assert.equal((byName.get("log.level") as any).present, 121);
    await site.add(["plain words"], 1);
    const plain = await site.json("/api/fields?q=plain");
    assert.deepEqual([plain.sample, plain.fields[0].field, plain.fields[0].present], [
      1,
      "log.level",
      0,
    ]);
    assert.deepEqual(await site.json("/api/histogram?since=2030-01-01T00:00:00Z"), {
      bucketMs: 1000,
      fromMs: Date.UTC(2030, 0, 1),
      toMs: null,
      total: 0,
      buckets: [],
    });
    assert.deepEqual(await site.json("/api/values?field=host&q=level:info"), {
      field: "host.name",
      values: [{ value: "web-1", count: 69 }, { value: "web-2", count: 1 }],
    });
    assert.deepEqual(await site.json("/api/values?field=level&sample=7&limit=2"), {
      field: "log.level",
      sample: 7,
      values: [{ value: "info", count: 4 }, { value: "debug", count: 1 }],
    });
  }));

apiTest(
  "GET /api/context gives the lines around a line in the order of its file",
  () =>
    withSite(async (site) => {
      await site.addNumbered(50);
      await site.add(["2026-11-21T08:00:20Z INFO of another file"], 1);
      const [line] = await site.lines("/api/search?q=%22number=20%20%22&limit=1");
      const place = `topic=${TOPIC}&generation=${line["log.file.generation"]}&offset=${
        line["log.offset"]
      }&at=${Date.parse(line["@timestamp"])}`;
      const context = await site.json(`/api/context?${place}&before=3&after=2`);
      assert.deepEqual(context.lines.map(numberOf), [17, 18, 19, 20, 21, 22]);
      assert.equal(context.at, 3);
      const kept = await site.json(`/api/context?${place}&before=2&after=2&q=level:error`);
      assert.deepEqual(kept.lines.map(numberOf), [6, 13, 20, 27, 34]);
      const none = await site.get(`/api/context?topic=${TOPIC}&generation=x&offset=5`);
      assert.equal(none.status, 404);
      assert.equal((await none.json()).code, "DOCUMENT_NOT_FOUND");
    }),
);

apiTest(
  "GET /api/host gives runs and figures of a range, and nothing where nothing is known",
  () =>
    withSite(async (site) => {
      const range = "since=2026-11-21T08:00:00Z&until=2026-11-21T09:00:00Z";
      const fromMs = Date.UTC(2026, 10, 21, 8);
      assert.deepEqual(await site.json(`/api/host?${range}&bars=60`), {
        host: "",
        runs: [],
        fromMs,
        toMs: fromMs + 3_600_000,
        stepMs: 60_000,
      });
      const half = await site.get("/api/host?since=-1h");
      assert.equal(half.status, 400);
      assert.equal((await half.json()).code, "PARAMETER_INVALID");
    }),
);

apiTest("GET /api/export gives NDJSON, CSV and text as files", () =>
  withSite(async (site) => {
    await site.addNumbered(3);
    const csv = await site.get("/api/export?format=csv&order=oldest&columns=level,message");
    assert.match(
      csv.headers.get("content-disposition")!,
      /attachment; filename="weir-export\.csv"/,
    );
    assert.deepEqual((await csv.text()).split("\r\n").slice(0, 2), [
      '"log.level","message"',
      '"info","2026-11-21T08:00:00.000Z INFO order number=0 took 0 ms"',
    ]);
    const text = await (await site.get("/api/export?format=text&order=oldest")).text();
    assert.equal(text.split("\n").length, 4);
    assert.equal((await site.lines("/api/export")).length, 3);
  }));

apiTest("errors are JSON with code, hint and column", () =>
  withSite(async (site) => {
    const cases: [string, number, string][] = [
      ["/api/search?q=foo%20(bar", 400, "QUERY_INVALID"],
      ["/api/tail?q=foo%20(bar", 400, "QUERY_INVALID"],
      ["/api/search?since=soon", 400, "TIME_INVALID"],
      ["/api/search?limit=1000000000", 400, "PARAMETER_INVALID"],
      ["/api/search?query=x", 400, "PARAMETER_INVALID"],
      ["/api/values", 400, "PARAMETER_INVALID"],
      ["/api/nothing", 404, "HTTP_NOT_FOUND"],
    ];
    for (const [path, status, code] of cases) {
      const response = await site.get(path);
      const body = await response.json();
      assert.equal(response.status, status, path);
      assert.equal(body.code, code, path);
      assert.notEqual(body.hint, "", path);
      if (code === "QUERY_INVALID") assert.equal(body.column, 5);
    }
  }));

apiTest(
  "nothing but GET is answered, no other site is, and every answer carries the headers",
  () =>
    withSite(async (site) => {
      const post = await site.get("/api/search", { method: "POST", body: "x".repeat(100_000) });
      assert.equal(post.status, 405);
      assert.equal(post.headers.get("allow"), "GET, HEAD");
      await post.body?.cancel();
      for (const path of ["/", "/script.js", "/api/count", "/healthz", "/metrics", "/none"]) {
        const response = await site.get(path);
        await response.body?.cancel();
        const policy = response.headers.get("content-security-policy")!;
        assert.match(policy, /default-src 'none'; script-src 'self'/, path);
        assert.match(policy, /frame-ancestors 'none'/, path);
        assert.doesNotMatch(policy, /unsafe/, path);
        assert.equal(response.headers.get("x-content-type-options"), "nosniff", path);
        assert.equal(response.headers.get("referrer-policy"), "no-referrer", path);
        assert.equal(response.headers.get("access-control-allow-origin"), null, path);
      }
      // fetch() sets Host itself, so this request is written by hand.
      const { hostname, port } = new URL(site.url);
      const connection = await Deno.connect({ hostname, port: Number(port) });
      await connection.write(
        new TextEncoder().encode(
          "GET /api/count HTTP/1.1\r\nHost: rebound.example:80\r\nConnection: close\r\n\r\n",
        ),
      );
      const answer = await new Response(connection.readable).text();
      assert.match(answer, /^HTTP\/1\.1 421 /);
    }),
);

apiTest(
  "a search that takes too long ends with a clear error, before and after its first lines",
  async () => {
    const aborted: string[] = [];
    const slow = (reader: DocumentReader): DocumentReader => ({
      ...bound(reader),
      async *search(request, signal) {
        if (request.limit > 1) yield* reader.search({ ...request, limit: 2 }, signal);
        await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
        aborted.push("search");
      },
    });
    const site = new Site({}, slow);
    await site.server.start();
    try {
      await site.addNumbered(5);
      const none = await site.get("/api/search?limit=1&timeout=50ms");
      assert.equal(none.status, 504);
      assert.equal((await none.json()).code, "SEARCH_TIME_LIMIT");
      const some = await site.lines("/api/search?limit=10&timeout=50ms");
      assert.equal(some.length, 3);
      assert.equal(some[2].error.code, "SEARCH_TIME_LIMIT");
      assert.deepEqual(aborted, ["search", "search"]);
    } finally {
      await site.close();
    }
  },
);

/** The methods of a reader, each still of its own object. */
function bound(reader: DocumentReader): DocumentReader {
  return {
    search: (...all) => reader.search(...all),
    count: (...all) => reader.count(...all),
    histogram: (...all) => reader.histogram(...all),
    values: (...all) => reader.values(...all),
    follow: (...all) => reader.follow(...all),
    close: () => reader.close(),
  };
}

apiTest(
  "a closed connection ends the query; more than the bound are refused meanwhile",
  async () => {
    let running = 0;
    const ended = Promise.withResolvers<void>();
    const hanging = (reader: DocumentReader): DocumentReader => ({
      ...bound(reader),
      count: (_, signal) => {
        running++;
        return new Promise((resolve) =>
          signal.addEventListener("abort", () => {
            ended.resolve();
            resolve(0);
          }, { once: true })
        );
      },
    });
    const site = new Site({ searchesMax: 1 }, hanging);
    await site.server.start();
    try {
      const stop = new AbortController();
      const first = site.get("/api/count", { signal: stop.signal }).catch(() => undefined);
      while (running === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      const second = await site.get("/api/count");
      assert.equal(second.status, 503);
      assert.equal((await second.json()).code, "SEARCH_BUSY");
      stop.abort();
      await first;
      await ended.promise;
    } finally {
      await site.close();
    }
  },
);

apiTest(
  "GET /api/tail begins with the last lines and goes on with new ones that fit",
  () =>
    withSite(async (site) => {
      await site.addNumbered(30);
      const events = await Events.open(site, "/api/tail?last=5&q=-level:debug");
      const history = await events.until("history");
      // Every seventh line, from 2 on, is a debug line.
      assert.deepEqual(history.data.map(numberOf), [25, 26, 27, 28, 29]);
      await site.addNumbered(9);
      const seen: number[] = [];
      while (seen.length < 7) seen.push(...(await events.until("lines")).data.map(numberOf));
      assert.deepEqual(seen, [31, 32, 33, 34, 35, 36, 38]);
      events.close();
    }),
);

apiTest(
  "GET /api/tail taken up again from an event misses no line and doubles none",
  () =>
    withSite(async (site) => {
      await site.addNumbered(10);
      const seen: number[] = [];
      let events = await Events.open(site, "/api/tail?last=3");
      const history = await events.until("history");
      seen.push(...history.data.map(numberOf));
      let lastId = history.id;
      for (let round = 0; round < 3; round++) {
        await site.addNumbered(4);
        const got = await events.until("lines");
        seen.push(...got.data.map(numberOf));
        lastId = got.id;
        events.close();
        await site.addNumbered(5);
        events = await Events.open(site, "/api/tail?last=3", lastId);
      }
      const wanted = Array.from({ length: 3 + 27 }, (_, i) => 7 + i);
      while (seen.length < wanted.length) {
        const got = await events.next();
        assert(got !== undefined && got.event !== "history", "the session went on");
        if (got.event === "lines") seen.push(...got.data.map(numberOf));
      }
      assert.deepEqual(seen, wanted);
      events.close();
    }),
);

apiTest(
  "GET /api/tail says so where it cannot go on, and begins anew",
  () =>
    withSite(async (site) => {
      await site.addNumbered(10);
      const events = await Events.open(site, "/api/tail?last=3", "0123456789abcdef-7");
      assert.equal((await events.next())!.event, "reset");
      assert.equal((await events.until("history")).data.length, 3);
      // Another query is another session.
      const hello = await Events.open(site, "/api/tail?last=3");
      const { id } = await hello.until("history");
      hello.close();
      const other = await Events.open(site, "/api/tail?last=3&q=x", id);
      assert.equal((await other.next())!.event, "reset");
      other.close();
      events.close();
    }),
);

apiTest(
  "GET /api/tail samples above the rate, and says how much it left out",
  () =>
    withSite(async (site) => {
      const events = await Events.open(site, "/api/tail?last=0&rate=50");
      await events.until("history");
      await site.addNumbered(500);
      let seen = 0, sent = 0, lines = 0;
      while (seen < 500) {
        const next = await events.next();
        assert(next !== undefined);
        if (next.event === "lines") lines += next.data.length;
        if (next.event === "sampled") {
          seen += next.data.seen;
          sent += next.data.sent;
        }
      }
      assert.equal(seen, 500);
      assert.equal(lines, sent);
      assert(sent <= 50, `${sent} of them were sent`);
      events.close();
    }),
);

apiTest("live tails are bounded, and free when their clients go", () =>
  withSite(async (site) => {
    const open = await Promise.all([1, 2].map(() => Events.open(site, "/api/tail")));
    for (const one of open) await one.until("history");
    const third = await site.get("/api/tail");
    assert.equal(third.status, 503);
    assert.equal((await third.json()).code, "SEARCH_BUSY");
    open[0].close();
    for (;;) {
      const response = await site.get("/api/tail");
      await response.body?.cancel();
      if (response.status === 200) break;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    open[1].close();
  }, { tails: { sessionsMax: 2 } }));

apiTest("another address than loopback needs a password, and asks for it", async () => {
  const open = { listen: "0.0.0.0:0", page: () => Promise.resolve(new Map()) };
  const site = new Site();
  assert.throws(
    () => createSearchServer({ ...open, reader: site.store, registry: newRegistry("test") }),
    (error: unknown) => error instanceof WeirError && error.code === "HTTP_AUTH_REQUIRED",
  );
  await withSite(async (site) => {
    const url = site.url.replace("0.0.0.0", "127.0.0.1");
    const ask = async (authorization?: string) => {
      const response = await fetch(
        `${url}api/count`,
        authorization === undefined ? {} : { headers: { authorization } },
      );
      await response.body?.cancel();
      return response;
    };
    const refused = await ask();
    assert.equal(refused.status, 401);
    assert.match(refused.headers.get("www-authenticate")!, /^Basic realm="Weir"/);
    assert.equal((await ask(`Basic ${btoa("any:secret")}`)).status, 200);
    assert.equal((await ask("Bearer t0ken")).status, 200);
    const health = await fetch(`${url}healthz`);
    assert.equal(await health.text(), "ok\n");
    for (let i = 0; i < 10; i++) assert.equal((await ask(`Basic ${btoa("a:b")}`)).status, 401);
    assert.equal((await ask(`Basic ${btoa("any:secret")}`)).status, 429);
  }, { listen: "0.0.0.0:0", auth: { password: "secret", token: "t0ken" } });
  await site.close();
});

apiTest("/metrics counts requests by path and status", () =>
  withSite(async (site) => {
    await site.json("/api/count");
    await site.json("/api/count?q=(");
    const text = await (await site.get("/metrics")).text();
    assert.match(text, /weir_search_requests_total\{path="\/api\/count",status="2xx"\} 1/);
    assert.match(text, /weir_search_requests_total\{path="\/api\/count",status="4xx"\} 1/);
    assert.match(text, /weir_search_tails 0/);
  }));
