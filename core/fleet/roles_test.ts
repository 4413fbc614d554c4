import assert from "node:assert/strict";
import { DEFAULT_KEYS } from "./keys.ts";
import { etcdctlCommands, hostRole, programRoles } from "./roles.ts";

const KEYS = { ...DEFAULT_KEYS, live: "/weir/live/", decisions: "/weir/index/" };

Deno.test("programRoles() give no program but the operator's commands the right to change a configuration", () => {
  const writers = programRoles(KEYS).filter(({ grants }) =>
    grants.some(({ permission, key }) =>
      permission === "readwrite" && !key.startsWith("/weir/live/")
    )
  );
  assert.deepEqual(writers.map(({ name }) => name), ["weir-transfer", "weir-operator"]);
  const transfer = writers[0].grants.filter(({ permission }) => permission === "readwrite");
  assert.deepEqual(transfer.map(({ key }) => key), ["/weir/index/", "/weir/live/transfer/"]);
});

Deno.test("programRoles() follow keys of other names", () => {
  const keys = { ...KEYS, host: "/own/{hostname}/collect", group: "/groups/{group}" };
  const agent = programRoles(keys)[0].grants.map(({ key }) => key);
  assert.deepEqual(agent.slice(0, 2), ["/own/", "/groups/"]);
});

Deno.test("hostRole() reads the host's and its groups' keys, each alone", () => {
  const { grants } = hostRole(KEYS, { name: "10.0.0.7", groups: ["web"], id: "abc" });
  const reads = grants.filter(({ permission, prefix }) => permission === "read" && !prefix);
  assert.deepEqual(reads.map(({ key }) => key), [
    "/logagent/10.0.0.7/collect_config",
    "/logagent/group/web/collect_config",
    "/logagent/group/all/collect_config",
  ]);
  const writes = grants.filter(({ permission }) => permission === "readwrite");
  assert.deepEqual(writes, [{
    permission: "readwrite",
    key: "/weir/live/agent/abc",
    prefix: true,
  }]);
});

Deno.test("etcdctlCommands() make the role before what is granted, and quote odd keys", () => {
  const grants = [{ permission: "read" as const, key: "/a b", prefix: true }];
  assert.deepEqual(etcdctlCommands({ name: "r", about: "", grants }).slice(0, 2), [
    "etcdctl role add r",
    "etcdctl role grant-permission r --prefix=true read '/a b'",
  ]);
});
