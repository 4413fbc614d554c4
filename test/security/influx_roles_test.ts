/**
 * The monitor's token of docs/security.md in a real InfluxDB: the monitor writes its bucket with it, and the token is
 * good for nothing else but what InfluxDB does not part from writing. Taken away while the monitor runs it costs no
 * point: they wait, it is told, and they arrive when the token, or another one, is good again.
 */
import assert from "node:assert/strict";
import { type Bucket, type RunningMonitor, Site } from "../monitor/site.ts";
import { waitFor } from "../support/wait.ts";
import { influxAuthorization } from "./roles.ts";

const PATIENT = { timeoutMs: 120_000 };

interface Answer {
  status: number;
  body: any;
}

/** Asks InfluxDB with a token. A body that is no text is sent as JSON. */
async function ask(
  url: string,
  token: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<Answer> {
  const headers = { authorization: `Token ${token}`, "content-type": "application/json" };
  const sent = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
  const answer = await fetch(`${url}${path}`, { method, headers, body: sent });
  const text = await answer.text();
  return { status: answer.status, body: text.startsWith("{") ? JSON.parse(text) : text };
}

/** Buckets, their ids, and tokens as the page says. */
class Place {
  readonly url: string;
  readonly org: string;
  readonly #root: string;
  readonly #site: Site;

  constructor(site: Site, readonly own: Bucket, readonly other: Bucket) {
    ({ url: this.url, org: this.org, token: this.#root } = own.access);
    this.#site = site;
  }

  async asRoot(method: string, path: string, body?: unknown): Promise<any> {
    const answer = await ask(this.url, this.#root, method, path, body);
    assert(answer.status < 300, `${method} ${path}: ${JSON.stringify(answer)}`);
    return answer.body;
  }

  async orgId(): Promise<string> {
    return (await this.asRoot("GET", `/api/v2/orgs?org=${this.org}`)).orgs[0].id;
  }

  async idOf({ name }: { name: string }): Promise<string> {
    return (await this.asRoot("GET", `/api/v2/buckets?name=${name}`)).buckets[0].id;
  }

  /** A token for one bucket, which goes with the site. */
  async token(bucketId: string): Promise<{ id: string; token: string }> {
    const body = influxAuthorization(await this.orgId(), bucketId);
    const made = await this.asRoot("POST", "/api/v2/authorizations", body);
    const path = `/api/v2/authorizations/${made.id}`;
    this.#site.onClose(async () => void await ask(this.url, this.#root, "DELETE", path));
    return made;
  }

  /** Milliseconds of each sample that is in the bucket. */
  async samples(): Promise<number[]> {
    const rows = await this.own.flux(
      `from(bucket: "${this.own.name}") |> range(start: -1h) ` +
        `|> filter(fn: (r) => r._measurement == "system" and r._field == "load1")`,
    );
    return rows.map(({ values }) => Date.parse(values._time)).sort((a, b) => a - b);
  }
}

/** A monitor with this token in its file. */
async function monitorWith(site: Site, place: Place, token: string) {
  const tokenFile = `${site.folder}/least.token`;
  await Deno.writeTextFile(tokenFile, `${token}\n`);
  const times = { interval: "1s", retryMin: "200ms", retryMax: "1s" };
  const monitor = await site.monitor({ influx: { ...place.own.settings(), tokenFile, ...times } });
  return { monitor, tokenFile };
}

async function sinkOf(monitor: RunningMonitor) {
  return (await (await fetch(`${monitor.url}/api/status`)).json()).sinks[0];
}

async function arrives(place: Place, monitor: RunningMonitor): Promise<void> {
  const before = (await place.samples()).length;
  const there = async () => (await place.samples()).length >= before + 2;
  await waitFor("samples", there, { ...PATIENT, detail: () => monitor.program.tail() });
}

/** While the token was no good. */
interface Away {
  fromMs: number;
  toMs: number;
}

/** The server refuses, why is told, and points wait. */
async function waits(monitor: RunningMonitor, why: RegExp): Promise<Away> {
  const fromMs = Date.now();
  await waitFor("points that wait", async () => {
    const { lastError, buffered } = await sinkOf(monitor);
    return why.test(lastError) && buffered > 90;
  }, { ...PATIENT, detail: () => monitor.program.tail() });
  return { fromMs, toMs: Date.now() };
}

/** @param times how often it was told so far */
async function goesOn(place: Place, monitor: RunningMonitor, times: number): Promise<void> {
  await arrives(place, monitor);
  const told = () => monitor.program.stderr.match(/Points are delivered again/g)?.length === times;
  await waitFor("told again", told, { ...PATIENT, detail: () => monitor.program.tail() });
}

/** What was taken is there: nothing was dropped or refused, nothing is left, and the log tells both times. */
async function nothingIsMissing(place: Place, monitor: RunningMonitor, away: Away[]) {
  const { dropped, rejected } = await sinkOf(monitor);
  assert.deepEqual([dropped, rejected], [0, 0]);
  assert.equal((await monitor.stop()).code, 0, monitor.program.tail());
  const { stderr } = monitor.program;
  assert.match(stderr, /Points cannot be delivered.*insufficient permissions.*inactive/);
  assert.match(stderr, /Points cannot be delivered.*unauthorized/);
  assert.doesNotMatch(stderr, /Points are lost/);
  const samples = await place.samples();
  for (const { fromMs, toMs } of away) {
    assert(
      samples.some((ms) => ms > fromMs && ms < toMs),
      `none of ${fromMs} to ${toMs}: ${samples}`,
    );
  }
}

async function everythingElseIsRefused(place: Place, token: string): Promise<void> {
  const { url, org, own, other } = place, orgId = await place.orgId();
  const otherId = await place.idOf(other), ownId = await place.idOf(own);
  const query = (name: string) => ({ query: `from(bucket: "${name}") |> range(start: -1h)` });
  const all = { start: "2020-01-01T00:00:00Z", stop: "2030-01-01T00:00:00Z" };
  const more = influxAuthorization(orgId, ownId);
  const tried: [method: string, path: string, body?: unknown][] = [
    ["POST", `/api/v2/write?org=${org}&bucket=${other.name}`, "a b=1"],
    ["POST", `/write?db=${other.name}`, "a b=1"],
    ["POST", `/api/v2/delete?org=${org}&bucket=${other.name}`, all],
    ["POST", `/api/v2/query?org=${org}`, query(own.name)],
    ["POST", `/api/v2/query?org=${org}`, query(other.name)],
    ["POST", "/api/v2/buckets", { orgID: orgId, name: `${own.name}-x`, retentionRules: [] }],
    ["PATCH", `/api/v2/buckets/${otherId}`, { name: "mine" }],
    ["PATCH", `/api/v2/buckets/${ownId}`, { name: `${own.name}-y` }],
    ["DELETE", `/api/v2/buckets/${otherId}`],
    ["POST", "/api/v2/authorizations", more],
    ["POST", "/api/v2/authorizations", more.replace('"write"', '"read"')],
    ["POST", "/api/v2/users", { name: "mine" }],
    ["POST", "/api/v2/orgs", { name: "mine" }],
    ["PATCH", `/api/v2/orgs/${orgId}`, { name: "mine" }],
    ["DELETE", `/api/v2/orgs/${orgId}`],
    ["POST", "/api/v2/tasks", { orgID: orgId, flux: 'option task = {name: "x", every: 1h}' }],
    ["GET", "/api/v2/backup/metadata"],
  ];
  for (const [method, path, body] of tried) {
    const { status, body: said } = await ask(url, token, method, path, body);
    const text = JSON.stringify(said);
    // What it may not see is not there for it.
    const isRefused = [401, 403, 404].includes(status) || /unauthorized|not find bucket/.test(text);
    assert(isRefused, `${method} ${path}: ${status} ${text}`);
  }
  for (const list of ["buckets", "authorizations", "users", "orgs"]) {
    const { status, body } = await ask(url, token, "GET", `/api/v2/${list}`);
    assert.equal(
      status >= 400 ? 0 : body[list]?.length ?? 0,
      0,
      `${list}: ${JSON.stringify(body)}`,
    );
  }
  assert.equal((await other.flux(query(other.name).query)).length, 0);
  console.log(`${tried.length + 4} things tried, all refused`);
}

/** Version 2 has no narrower right: who may write a bucket may change it, empty it and delete it. */
async function whatComesWithWriting(site: Site, place: Place): Promise<void> {
  const { url, org } = place, name = `${place.own.name}-spare`, orgID = await place.orgId();
  const { id } = await place.asRoot("POST", "/api/v2/buckets", { orgID, name, retentionRules: [] });
  site.onClose(async () =>
    void await place.asRoot("DELETE", `/api/v2/buckets/${id}`).catch(() => {})
  );
  const { token } = await place.token(id);
  const all = { start: "2020-01-01T00:00:00Z", stop: "2030-01-01T00:00:00Z" };
  const allowed: [status: number, method: string, path: string, body?: unknown][] = [
    [204, "POST", `/api/v2/write?org=${org}&bucket=${name}`, "a b=1"],
    [204, "POST", `/api/v2/delete?org=${org}&bucket=${name}`, all],
    [200, "PATCH", `/api/v2/buckets/${id}`, {
      retentionRules: [{ type: "expire", everySeconds: 2_592_000 }],
    }],
    [204, "DELETE", `/api/v2/buckets/${id}`],
  ];
  for (const [status, method, path, body] of allowed) {
    const answer = await ask(url, token, method, path, body);
    assert.equal(answer.status, status, `${method} ${path}: ${JSON.stringify(answer.body)}`);
  }
}

async function tried(t: Deno.TestContext): Promise<void> {
  const site = await Site.open();
  try {
    const place = new Place(site, await site.bucket(), await site.bucket());
    const ownId = await place.idOf(place.own);
    const { id, token } = await place.token(ownId);
    const away: Away[] = [];
    const { monitor, tokenFile } = await monitorWith(site, place, token);
    await t.step("the monitor writes", () => arrives(place, monitor));
    await t.step("taken away and given back", async () => {
      const path = `/api/v2/authorizations/${id}`;
      await place.asRoot("PATCH", path, { status: "inactive" });
      away.push(await waits(monitor, /insufficient permissions.*inactive/));
      await place.asRoot("PATCH", path, { status: "active" });
      await goesOn(place, monitor, 1);
    });
    await t.step("another token in its file", async () => {
      await place.asRoot("DELETE", `/api/v2/authorizations/${id}`);
      away.push(await waits(monitor, /unauthorized/));
      await Deno.writeTextFile(tokenFile, (await place.token(ownId)).token);
      await goesOn(place, monitor, 2);
    });
    await t.step("nothing was lost", () => nothingIsMissing(place, monitor, away));
    const least = (await place.token(ownId)).token;
    await t.step("everything else is refused", () => everythingElseIsRefused(place, least));
    await t.step("what comes with writing", () => whatComesWithWriting(site, place));
  } finally {
    await site.close();
  }
}

Deno.test({
  name:
    "InfluxDB: the monitor's token writes its bucket, and does nothing beyond what comes with it",
  sanitizeOps: false, // the server may be started here, for later tests as well
  sanitizeResources: false,
  fn: tried,
});
