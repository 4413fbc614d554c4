/**
 * Two thousand hosts registered in one etcd, made of the real registration of each, beside two real agents: how often they
 * write, how large etcd's database becomes, and what a page that looks at all of them is sent.
 */
import assert from "node:assert/strict";
import { Etcd3 } from "etcd3";
import { createEtcd } from "../../core/etcd/client.ts";
import { readLive } from "../../core/fleet/live.ts";
import { LiveTable } from "../../core/fleet/live_table.ts";
import { Registration } from "../../core/fleet/registration.ts";
import { encodeRegistration, type Registered } from "../../core/fleet/registration_schema.ts";
import { systemClock } from "../../core/ports/clock.ts";
import { selectFleet } from "../../search/fleet/fleet_view.ts";
import { startEtcd } from "../support/real/etcd.ts";
import { waitFor } from "../support/wait.ts";
import { etcdSettings } from "./settings.ts";
import { Site } from "./site.ts";

const HOSTS = 2000, REAL = 2;
const FIGURES_MS = 4000, TTL_MS = 60_000;
const VALUE_BYTES_MAX = 4096, BASE_BYTES = 4 * 2 ** 20;
const PREFIX = "/weir/live/";

Deno.test({
  name: `registrations of ${HOSTS} hosts: writes and etcd's database are bounded`,
  sanitizeOps: false, // gRPC keeps its connection for a while after it is closed
  sanitizeResources: false,
  async fn() {
    await using etcd = await startEtcd();
    const client = new Etcd3({ hosts: etcd.address });
    const begun = performance.now();
    const all = Array.from({ length: HOSTS }, (_, i) => register(client, i));
    try {
      await using site = await Site.open(etcd.address);
      await site.startAgent("real-1");
      await site.startAgent("real-2");
      await waitFor("all are registered", async () => await count(client) === HOSTS + REAL, {
        timeoutMs: 120_000,
      });
      const before = await figures(etcd.address), since = performance.now();
      const written = () => all.reduce((sum, { writes }) => sum + writes, 0);
      await waitFor("each wrote its figures again", () => written() >= 2 * HOSTS, {
        timeoutMs: 120_000,
      });
      const after = await figures(etcd.address);
      checkWrites(written(), performance.now() - begun, after.puts - before.puts, since);
      await checkSize(client, etcd.address, after.puts);
      await checkTable(client);
      await checkLarge(client, etcd.address);
    } finally {
      for (const one of all) void one.stop(0);
      client.close();
    }
  },
});

/** One client for all: two thousand connections would be the test's own load. */
function register(client: Etcd3, number: number): Registration {
  const shared = Object.create(client, { close: { value: () => {} } }) as Etcd3;
  let looks = 0;
  const registration = new Registration({
    connect: () => shared,
    prefix: PREFIX,
    clock: systemClock,
    timeoutMs: 60_000,
    ttlMs: TTL_MS,
    figuresMs: FIGURES_MS,
    describe: () => describe(number, looks++),
  });
  registration.start();
  return registration;
}

/** Figures that are others at each look: the most that a host can have to write. */
function describe(number: number, looks: number): Registered {
  return {
    v: 1,
    program: "agent",
    id: `made-${number}`,
    instance: "one",
    host: `made-${number}`,
    version: "0.1.0",
    started: "2026-11-21T00:00:00.000Z",
    labels: { rack: String(number % 40), env: "prod" },
    groups: ["web", "all"],
    ip: `10.1.${number >> 8}.${number & 255}`,
    status: "http://127.0.0.1:9463/",
    applied: {
      revision: 7,
      state: "APPLIED",
      reason: "",
      candidate: "",
      keys: { "/logagent/group/web/collect_config": 7 },
    },
    health: { ok: true, reasons: [], problems: 0 },
    summary: { files: 20, lagBytes: looks, failing: 0, lines: looks * 100, bytes: looks * 9000 },
  };
}

async function count(client: Etcd3): Promise<number> {
  return (await client.getAll().prefix(`${PREFIX}agent/`).keys()).length;
}

/** Of etcd itself. */
async function figures(address: string): Promise<{ puts: number; bytes: number }> {
  const text = await (await fetch(`${address}/metrics`)).text();
  const value = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]);
  return {
    puts: value("etcd_mvcc_put_total"),
    bytes: value("etcd_mvcc_db_total_size_in_bytes"),
  };
}

/** No host writes more often than its figures may: a first write, then one each FIGURES_MS. */
function checkWrites(written: number, sinceBegunMs: number, puts: number, since: number): void {
  const rounds = 1 + Math.ceil(sinceBegunMs / FIGURES_MS);
  assert(written <= HOSTS * rounds, `${written} writes in ${rounds} rounds`);
  const elapsedMs = performance.now() - since;
  // The real agents write what they apply and how they fare at once; that is a handful.
  const most = HOSTS * (1 + Math.ceil(elapsedMs / FIGURES_MS)) + 100;
  assert(puts <= most, `${puts} puts, ${most} at most`);
  console.log(`${written} writes; ${(puts / elapsedMs * 1000).toFixed(0)} puts a second`);
}

/** What etcd keeps: each write until it is compacted, then one value a host. */
async function checkSize(client: Etcd3, address: string, puts: number): Promise<void> {
  const { bytes } = await figures(address);
  assert(bytes <= puts * VALUE_BYTES_MAX + BASE_BYTES, `${bytes} bytes after ${puts} puts`);
  const { header } = await client.getAll().prefix(PREFIX).limit(1).exec();
  const { kv, maintenance } = rpcOf(client);
  await kv.compact({ revision: header.revision, physical: true });
  await maintenance.defragment();
  const small = (await figures(address)).bytes;
  const most = (HOSTS + REAL) * VALUE_BYTES_MAX + BASE_BYTES;
  assert(small <= most, `${small} bytes after compaction, ${most} at most`);
  console.log(`${bytes} bytes after ${puts} puts, ${small} after compaction`);
}

interface Rpc {
  kv: { compact(request: { revision: string; physical: boolean }): Promise<unknown> };
  maintenance: { defragment(): Promise<unknown> };
}

function rpcOf(client: Etcd3): Rpc {
  return {
    kv: (client as unknown as Rpc).kv,
    maintenance: client.maintenance as Rpc["maintenance"],
  };
}

/** Registrations as large as they may be are more than gRPC takes in one answer by itself (4 MiB). */
async function checkLarge(client: Etcd3, address: string): Promise<void> {
  const prefix = "/test/large/", count = 1100;
  const labels = Object.fromEntries(
    Array.from({ length: 16 }, (_, i) => [`label-${i}`, "x".repeat(200)]),
  );
  for (let i = 0; i < count; i += 100) {
    const some = Array.from({ length: 100 }, (_, k) => {
      const value = { ...describe(i + k, 0), labels };
      return client.put(`${prefix}agent/${i + k}`).value(encodeRegistration(value)).exec();
    });
    await Promise.all(some);
  }
  const own = createEtcd(etcdSettings({ hosts: [address] }));
  try {
    assert.equal((await readLive(own, prefix, 20_000)).length, count);
    const options = { prefix, timeoutMs: 20_000, clock: systemClock };
    assert.equal(
      (await new LiveTable({ ...options, read: (work) => work(own) }).programs()).length,
      count,
    );
  } finally {
    own.close();
  }
}

/** A page sees all of them, in pages, and a later look fetches what changed alone. */
async function checkTable(client: Etcd3): Promise<void> {
  const table = new LiveTable({
    read: (work) => work(client),
    prefix: PREFIX,
    timeoutMs: 20_000,
    clock: systemClock,
  });
  const all = await table.programs();
  assert.equal(all.length, HOSTS + REAL);
  const request = {
    program: "",
    words: "",
    state: "",
    order: "host",
    offset: 0,
    limit: 100,
  } as const;
  const answer = selectFleet(all, request);
  assert.deepEqual([answer.matches, answer.programs.length], [HOSTS + REAL, 100]);
  assert(JSON.stringify(answer).length <= 100 * VALUE_BYTES_MAX);
  assert.equal(answer.totals.files, HOSTS * 20);
  const first = table.version;
  await client.put(`${PREFIX}agent/made-0`).value(JSON.stringify(describe(0, 1e6)));
  const again = await table.programs(0);
  assert(table.version > first && table.version - first <= HOSTS + REAL);
  assert.equal(again.find(({ id }) => id === "made-0")?.summary.lines, 1e8);
}
