import assert from "node:assert/strict";
import { Counter, Registry } from "../metrics/registry.ts";
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
