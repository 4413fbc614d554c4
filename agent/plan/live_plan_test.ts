import assert from "node:assert/strict";
import { layersWith } from "./live_plan.ts";

const KEYS = [{ target: "host/h", key: "/h" }, { target: "group/g", key: "/g" }];
const entries = (topic: string) => JSON.stringify([{ path: "/a", topic }]);

Deno.test("layersWith puts a value in its key's place among those that hold", () => {
  const now = [{ name: "etcd /h", key: "/h", text: entries("own"), revision: 1 }];
  const topics = (text: string) =>
    layersWith(KEYS, now, "group/g", text).map((layer) => layer.entries.map(({ topic }) => topic));
  assert.deepEqual(topics(entries("new")), [["own"], ["new"]]);
  assert.deepEqual(topics("[]"), [["own"], []]);
  assert.throws(() => topics("[{}]"), { code: "CONFIG_INVALID" });
  const own = layersWith(KEYS, now, "host/h", entries("changed"));
  assert.deepEqual(own.map(({ entries: [{ topic }] }) => topic), ["changed"]);
});
