import assert from "node:assert/strict";
import { Layers, type RawState } from "./layers.ts";

const HOST = "/logagent/10.0.0.7/collect_config", GROUP = "/logagent/group/web/collect_config";

interface Said {
  host?: [text: string, revision: number];
  group?: [text: string, revision: number];
  candidate?: unknown;
  at?: number;
  cluster?: string;
  empty?: boolean;
}

function state({ host, group, candidate, at = 100, cluster = "1", empty = false }: Said): RawState {
  const raw = (key: string, value?: [string, number]) => ({
    key,
    text: value?.[0] ?? null,
    revision: value?.[1] ?? 0,
  });
  return {
    clusterId: cluster,
    storeRevision: at,
    keys: [raw(HOST, host), raw(GROUP, group)],
    candidates: [
      raw("host/10.0.0.7"),
      raw("group/web", candidate === undefined ? undefined : [JSON.stringify(candidate), at]),
    ],
    surroundings: !empty,
  };
}

function trial(id: string, base: number, canaries = ["me"]) {
  return { v: 1, id, base, text: "new", canaries, seconds: 60, who: "a", why: "" };
}

const texts = (layers: Layers, nowMs = 0) =>
  layers.resolve(nowMs).layers?.map(({ text }) => text) ?? null;

Deno.test("Layers: a host has its own entries and those of its group, its own first", () => {
  const layers = new Layers("me");
  assert.equal(texts(layers), null);
  layers.take(state({ host: ["own", 3], group: ["web", 2] }));
  assert.deepEqual(texts(layers), ["own", "web"]);
});

Deno.test("Layers: a deletion counts where it was seen; a key that vanished keeps its value", () => {
  const layers = new Layers("me");
  layers.take(state({ host: ["own", 3], group: ["web", 2] }));
  layers.take(state({ group: ["web", 2], at: 101 }));
  assert.deepEqual(texts(layers), ["own", "web"]);
  assert.deepEqual(layers.resolve(0).kept, [HOST]);
  layers.sawDeletion(HOST);
  layers.take(state({ group: ["web", 2], at: 102 }));
  assert.deepEqual(texts(layers), ["web"]);
  assert.deepEqual(layers.resolve(0).kept, []);
});

Deno.test("Layers: a watch that begins anew still sees the deletion of what is kept", () => {
  const layers = new Layers("me");
  layers.take(state({ host: ["own", 3], group: ["web", 2] }));
  assert.equal(layers.settledRevision, 100);
  layers.take(state({ group: ["web", 2], at: 101 })); // its deletion is not told yet
  layers.take(state({ group: ["web", 2], at: 102 }));
  assert.equal(layers.settledRevision, 100);
  layers.sawDeletion(HOST);
  layers.take(state({ group: ["web", 2], at: 103 }));
  assert.equal(layers.settledRevision, 103);
  layers.take(state({ at: 104, empty: true })); // of that no deletion will ever count
  assert.equal(layers.settledRevision, 104);
});

Deno.test("Layers: with all of its surroundings even a deletion that was seen changes nothing", () => {
  const layers = new Layers("me");
  layers.take(state({ host: ["own", 3] }));
  layers.sawDeletion(HOST);
  layers.take(state({ at: 101, empty: true }));
  assert.deepEqual(texts(layers), ["own"]);
  layers.take(state({ group: ["web", 102], at: 102 }));
  assert.deepEqual(texts(layers), ["own", "web"]);
  layers.take(state({ host: ["again", 103], at: 103 }));
  assert.equal(texts(layers)?.[0], "again");
});

Deno.test("Layers: in a restored store the old value does not count, what is written afterwards does", () => {
  const layers = new Layers("me");
  layers.take(state({ host: ["new", 90] }));
  assert.equal(layers.take(state({ host: ["old", 20], at: 40 })), false);
  assert.deepEqual(texts(layers), ["new"]);
  assert.deepEqual(layers.resolve(0).kept, [HOST]);
  assert.equal(layers.take(state({ host: ["newest", 41], at: 41 })), true);
  assert.deepEqual(texts(layers), ["newest"]);
  assert.equal(layers.take(state({ host: ["other", 5], at: 500, cluster: "2" })), false);
  assert.deepEqual(texts(layers), ["newest"]);
});

Deno.test("Layers: a candidate holds for its canaries, while its key is there and its time runs", () => {
  const me = new Layers("me"), other = new Layers("other");
  for (const layers of [me, other]) {
    layers.take(state({ group: ["web", 2], candidate: trial("c1", 2) }));
  }
  assert.deepEqual(texts(me), ["new"]);
  assert.equal(me.resolve(0).candidate, "c1");
  assert.deepEqual(texts(other), ["web"]);
  assert.equal(me.resolve(10_000).expiresMs, 50_000);
  assert.deepEqual(texts(me, 60_000), ["web"]);
  me.take(state({ group: ["web", 2], candidate: trial("c2", 2), at: 101 }));
  assert.deepEqual(texts(me, 60_000), ["new"]);
  me.take(state({ group: ["web", 2], at: 102 }));
  assert.deepEqual(texts(me, 60_000), ["web"]);
});

Deno.test("Layers: a candidate for another value than the one in force is not tried", () => {
  const layers = new Layers("me");
  layers.take(state({ group: ["web", 7], candidate: trial("c1", 2) }));
  assert.deepEqual(texts(layers), ["web"]);
});

Deno.test("Layers: a candidate can be a group's first value", () => {
  const layers = new Layers("me");
  layers.take(state({ candidate: trial("c1", 0) }));
  assert.deepEqual(texts(layers), ["new"]);
  layers.take(state({ at: 101 }));
  assert.deepEqual(texts(layers), []);
  assert.equal(layers.resolve(0).deleted, true);
});
