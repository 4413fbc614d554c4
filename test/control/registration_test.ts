/** Registrations in a real etcd: there, gone, back after an outage longer than the lease, and never two of one id. */
import assert from "node:assert/strict";
import { Etcd3 } from "etcd3";
import { agentSettings } from "../../agent/config.ts";
import { loadSettings } from "../../core/config/load.ts";
import { createEtcd } from "../../core/etcd/client.ts";
import { Registration } from "../../core/fleet/registration.ts";
import {
  decodeRegistration,
  NOTHING_APPLIED,
  type Registered,
} from "../../core/fleet/registration_schema.ts";
import { systemClock } from "../../core/ports/clock.ts";
import { servers } from "../support/servers.ts";
import { TcpProxy } from "../support/tcp_proxy.ts";
import { uniqueName } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";

interface Opened {
  client: Etcd3;
  proxy: TcpProxy;
  prefix: string;
  /** Of the key `agent/one`, parsed; undefined where it is not there. */
  read(id?: string): Promise<Registered | undefined>;
  register(instance: string, change?: Partial<Registered>): Registration;
}

function test(name: string, work: (opened: Opened) => Promise<void>): void {
  Deno.test({
    name: `Registration: ${name}`,
    sanitizeOps: false, // gRPC keeps its connection for a while after it is closed
    sanitizeResources: false,
    async fn() {
      const { etcd } = await servers("etcd");
      const proxy = await TcpProxy.to(new URL(etcd).host);
      const client = new Etcd3({ hosts: etcd }), prefix = `/test/${uniqueName("live")}/`;
      const settings = loadSettings(
        agentSettings,
        JSON.stringify({ etcd: { hosts: [`http://127.0.0.1:${proxy.port}`], timeout: "1s" } }),
        { name: "test" },
      ).etcd;
      const all: Registration[] = [];
      try {
        await work({
          client,
          proxy,
          prefix,
          read: async (id = "one") => {
            const text = await client.get(`${prefix}agent/${id}`).string();
            return text === null ? undefined : decodeRegistration(text);
          },
          register: (instance, change = {}) => {
            const registration = new Registration({
              connect: () => createEtcd(settings),
              prefix,
              clock: systemClock,
              timeoutMs: 1000,
              ttlMs: 2000,
              figuresMs: 60_000,
              describe: () => describe(instance, change),
            });
            all.push(registration);
            registration.start();
            return registration;
          },
        });
      } finally {
        for (const one of all) await one.stop(1000);
        await client.delete().prefix(prefix);
        client.close();
        await proxy.close();
      }
    },
  });
}

function describe(instance: string, change: Partial<Registered>): Registered {
  return {
    v: 1,
    program: "agent",
    id: "one",
    instance,
    host: "h",
    version: "0",
    started: "2026-11-21T00:00:00.000Z",
    labels: {},
    groups: [],
    ip: "127.0.0.1",
    status: "",
    applied: NOTHING_APPLIED,
    health: { ok: true, reasons: [], problems: 0 },
    summary: { files: 1 },
    ...change,
  };
}

test("is there while the program lives, and gone when it ends", async ({ read, register }) => {
  const one = register("a");
  await waitFor("the registration", async () => (await read())?.instance === "a");
  await one.stop(1000);
  assert.equal(await read(), undefined);
});

test("writes what is applied at once, and figures not before their time", async ({ read, register }) => {
  const change: Partial<Registered> = {};
  const one = register("a", change);
  await waitFor("the registration", () => read());
  await waitFor("one write", () => one.writes === 1);
  change.summary = { files: 2 };
  one.changed();
  change.applied = { ...NOTHING_APPLIED, revision: 7, state: "APPLIED" };
  one.changed();
  const seen = await waitFor("the revision", async () => {
    const now = await read();
    return now?.applied.revision === 7 ? now : undefined;
  });
  assert.equal(seen.summary.files, 2);
  // etcd may have it before its answer is here.
  await waitFor("the answer of that write", () => one.writes === 2);
  const { turns } = one;
  change.summary = { files: 3 };
  one.changed();
  await waitFor("a turn of its own", () => one.turns > turns + 1);
  assert.equal(one.writes, 2);
});

test("is back after an outage longer than its lease", async ({ proxy, read, register }) => {
  const one = register("a");
  await waitFor("the registration", () => read());
  await proxy.down();
  await waitFor("its end", async () => (await read()) === undefined);
  assert.notEqual(one.fault, "");
  await proxy.up();
  await waitFor("its return", async () => (await read())?.instance === "a");
});

test("notices a connection that swallows everything, and makes a new one", async ({ proxy, read, register }) => {
  const one = register("a");
  await waitFor("the registration", () => read());
  proxy.swallow();
  await waitFor("that it is noticed", () => one.fault !== "");
  await waitFor("its return", async () => one.fault === "" && (await read())?.instance === "a");
});

test("comes again where somebody deleted it", async ({ client, prefix, read, register }) => {
  register("a");
  await waitFor("the registration", () => read());
  await client.delete().key(`${prefix}agent/one`);
  await waitFor("its return", async () => (await read())?.instance === "a");
});

test("of a restarted program takes over the one that its death left", async ({ client, prefix, read, register }) => {
  await client.put(`${prefix}agent/one`).value(JSON.stringify(describe("dead", {})));
  const one = register("b");
  await waitFor("the new one", async () => (await read())?.instance === "b");
  assert.equal(one.key, `${prefix}agent/one`);
});

test("of a cloned host moves aside, so that both are seen", async ({ read, register }) => {
  register("a");
  await waitFor("the first", async () => (await read())?.instance === "a");
  register("b");
  await waitFor("both", async () => {
    return (await read())?.instance === "b" && (await read("one~a"))?.id === "one~a";
  });
});
