import assert from "node:assert/strict";
import { Counter, Registry } from "../metrics/registry.ts";
import { hostAllowed } from "./host.ts";
import { statusApp } from "./status_server.ts";

Deno.test("/metrics answers in the text format, and in OpenMetrics where that is asked for, time after time", async () => {
  const registry = new Registry();
  new Counter({ name: "c_total", help: "C.", registers: [registry] }).inc(3);
  const app = statusApp({ registry, notReady: () => [], status: () => ({}) });
  const ask = async (accept: string) => {
    const answer = await app.request("/metrics", { headers: { accept } });
    return [answer.headers.get("content-type"), await answer.text()];
  };
  const plain = [
    "text/plain; version=0.0.4; charset=utf-8",
    "# HELP c_total C.\n# TYPE c_total counter\nc_total 3\n",
  ];
  const open = [
    "application/openmetrics-text; version=1.0.0; charset=utf-8",
    "# HELP c C.\n# TYPE c counter\nc_total 3\n# EOF\n",
  ];
  assert.deepEqual(await ask("*/*"), plain);
  assert.deepEqual(
    await ask("application/openmetrics-text; version=1.0.0, text/plain;q=0.5"),
    open,
  );
  assert.deepEqual(await ask("*/*"), plain);
});

Deno.test("hostAllowed() takes loopback names with a port that there is, and nothing that only looks like one", () => {
  for (const name of ["localhost", "127.0.0.1:7700", "127.9.9.9", "[::1]:80", "LOCALHOST:65535"]) {
    assert.equal(hostAllowed(name, "127.0.0.1"), true, name);
  }
  for (
    const name of [
      ...["127.0.0.1:65536", "127.0.0.1:", "127.0.0.1.evil.example", "evil.example", ""],
      ...["localhost.", "10.0.0.7", "127.0.0.1@evil.example", "[::1]x"],
    ]
  ) assert.equal(hostAllowed(name, "127.0.0.1"), false, name);
  assert.equal(hostAllowed(null, "127.0.0.1"), false);
  assert.equal(hostAllowed("10.0.0.7:9463", "0.0.0.0"), true);
  assert.equal(hostAllowed("logs.example", "0.0.0.0"), false);
  assert.equal(hostAllowed("logs.example", "0.0.0.0", ["logs.example"]), true);
  assert.equal(hostAllowed("10.0.0.7", "0.0.0.0", ["logs.example"]), false);
});
