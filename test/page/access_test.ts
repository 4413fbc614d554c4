/**
 * Who may read what: every path of the API, asked by a viewer of one topic, by one of all topics, by an operator, and by
 * nobody. What a viewer may not read does not come to it by any path, in no form.
 */
import assert from "node:assert/strict";
import { loadSettings } from "../../core/config/load.ts";
import { recordOf } from "../../core/ports/document_store_conformance.ts";
import { parseQuery } from "../../search/query/parse.ts";
import { newToken, Users, usersSchema } from "../../search/access/users.ts";
import { MemoryFleet } from "./fleet_site.ts";
import { Events, Site } from "./site.ts";

const NAMES = ["some", "all", "boss"] as const;
type Name = typeof NAMES[number];

/** Against both stores that answer by themselves. */
function accessTest(name: string, work: (asked: Asked) => Promise<void>): void {
  for (const kind of ["memory", "embedded"] as const) {
    Deno.test(`access: ${name} (${kind} store)`, async () => {
      Site.kind = kind;
      await withUsers(work);
    });
  }
}

interface Asked {
  site: Site;
  headers: Record<Name, { authorization: string }>;
}

/** Two topics: "shop", which `some` may read, and "Shop", which it may not. */
async function withUsers(work: (asked: Asked) => Promise<void>): Promise<void> {
  const tokens = NAMES.map((name) => ({ name, ...newToken() }));
  const file = loadSettings(
    usersSchema,
    JSON.stringify({
      tokens: tokens.map(({ name, hash }) => ({
        name,
        token: hash,
        ...(name === "some" ? { topics: ["shop"] } : {}),
        ...(name === "boss" ? { role: "operator" } : {}),
      })),
    }),
    { name: "users" },
  );
  const secret = `2026-11-21T08:00:01Z ERROR secret line card=4711`;
  const site: Site = await Site.open({
    trace: {
      // As over Elasticsearch: a document is found by its id, past the reader.
      stored: async (id, topic, signal) => {
        const request = { query: parseQuery(`topic:${topic}`), order: "newest", limit: 9 } as const;
        for await (const batch of site.store.search(request, signal)) {
          const document = batch.find(({ _id }) => _id === id);
          if (document !== undefined) return { document, index: "weir-x", minimal: false };
        }
      },
    },
    auth: { users: new Users(file) },
    fleet: MemoryFleet.of(3),
    sources: () => ({
      files: [{ path: "/var/log/shop.log", topic: "shop" }, {
        path: "/var/log/secret.log",
        topic: "Shop",
      }],
      problems: [{ path: "/var/log/secret.log.1", code: "X", reason: "x" }],
    }),
  });
  try {
    await site.add(["2026-11-21T08:00:00Z INFO public line user=ana"]);
    await site.store.write([
      recordOf("Shop", secret, 0, {
        generation: "CCCCCCCCCCCCCCCC",
        host: "vault",
        path: "/var/log/secret.log",
      }),
    ]);
    const headers = Object.fromEntries(
      tokens.map(({ name, token }) => [name, { authorization: `Bearer ${token}` }]),
    ) as Asked["headers"];
    await work({ site, headers });
  } finally {
    await site.close();
  }
}

const PLACE = "generation=CCCCCCCCCCCCCCCC&offset=0";
/** Every path that answers with something of the store or of what is read. */
const PATHS = [
  "/",
  "/?q=secret",
  "/api/search",
  "/api/search?q=topic:Shop",
  "/api/search?q=topic:Shop+OR+topic:shop+OR+NOT+nothing",
  "/api/export",
  "/api/export?format=csv&columns=topic,message",
  "/api/export?format=text",
  "/api/count",
  "/api/histogram",
  "/api/fields",
  "/api/values?field=topic",
  "/api/values?field=host",
  "/api/values?field=file&sample=100",
  "/api/sources",
  "/api/host?since=2026-11-21T08:00:00Z&until=2026-11-21T09:00:00Z",
];
const SECRET = /secret|vault|4711|"Shop"|error/;

accessTest(
  "a viewer of one topic gets nothing of another by any path",
  async ({ site, headers }) => {
    for (const path of PATHS) {
      const answer = await site.get(path, { headers: headers.some });
      const text = (await answer.text()).replaceAll('"q":"secret"', "");
      assert.equal(answer.status, 200, path);
      assert.doesNotMatch(text, SECRET, path);
    }
    for (const path of PATHS.filter((path) => !/host\?|count/.test(path))) {
      const answer = await site.get(path, { headers: headers.all });
      assert.match(await answer.text(), SECRET, `${path}: there is something to hide`);
    }
    const ask = async (path: string, name: Name) =>
      await (await site.get(path, { headers: headers[name] })).json();
    assert.deepEqual(await ask("/api/count", "some"), { count: 1 });
    assert.deepEqual(await ask("/api/count", "all"), { count: 2 });
    assert.equal((await ask("/api/histogram", "some")).total, 1);
    const hidden = await site.get(`/api/context?topic=Shop&${PLACE}`, { headers: headers.some });
    assert.equal(hidden.status, 404);
    await hidden.body?.cancel();
    assert.equal((await ask(`/api/context?topic=Shop&${PLACE}`, "all")).lines.length, 1);
    const [line] = await site.lines("/api/search?q=secret", headers.all);
    const explained = `/api/explain?topic=Shop&id=${line._id}`;
    assert.equal((await ask(explained, "some")).code, "DOCUMENT_NOT_FOUND");
    assert.match((await ask(explained, "all")).message, SECRET);
    assert.deepEqual(await ask("/api/me", "some"), {
      name: "some",
      role: "viewer",
      topics: ["shop"],
    });
  },
);

accessTest(
  "a live tail shows own topics only, and is taken up by nobody else",
  async ({ site, headers }) => {
    const open = (name: Name, id?: string) =>
      Events.open(site, "/api/tail?q=line", id, headers[name]);
    const some = await open("some");
    const history = await some.until("history");
    assert.deepEqual(history.data.map(({ topic }: { topic: string }) => topic), ["shop"]);
    await site.store.write([recordOf("Shop", "another secret line", 100, {
      generation: "CCCCCCCCCCCCCCCC",
      host: "vault",
      path: "/var/log/secret.log",
    })]);
    await site.add(["another public line"]);
    const { data } = await some.until("lines");
    assert.deepEqual(data.map(({ message }: { message: string }) => message), [
      "another public line",
    ]);
    const all = await open("all");
    const { id } = await all.until("history");
    all.close();
    const stolen = await open("some", id);
    assert.equal((await stolen.next())?.event, "reset");
    const told = await stolen.until("history");
    assert(told.data.every(({ topic }: { topic: string }) => topic === "shop"));
    some.close();
    stolen.close();
  },
);

accessTest(
  "what may tell of other topics is for those who may read all of them",
  async ({ site, headers }) => {
    const others = ["/fleet", "/api/fleet", "/api/fleet/files", "/api/fleet/program?id=a-1"];
    const own = ["/api/status", "/metrics", "/readyz"];
    for (const path of [...others, ...own, "/api/fleet/stream", "/api/none", "/other"]) {
      const answer = await site.get(path, { headers: headers.some });
      assert.equal(answer.status, 403, path);
      assert.equal((await answer.json()).code, "ACCESS_TOPICS", path);
    }
    for (const path of [...others, ...own]) {
      const answer = await site.get(path, { headers: headers.all });
      assert.equal(answer.status, 200, path);
      await answer.body?.cancel();
    }
    const page = async (name: Name) =>
      await (await site.get("/", { headers: headers[name] })).text();
    assert.doesNotMatch(await page("some"), /<meta name="fleet"/);
    assert.match(await page("all"), /<meta name="fleet"/);
  },
);

accessTest("nobody without a name gets anything but the sign of life", async ({ site }) => {
  for (const path of [...PATHS, "/api/me", "/api/tail", "/fleet", "/api/status", "/metrics"]) {
    const answer = await site.get(path);
    assert.equal(answer.status, 401, path);
    await answer.body?.cancel();
  }
  const alive = await site.get("/healthz");
  assert.equal(await alive.text(), "ok\n");
});
