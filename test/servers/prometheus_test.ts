import assert from "node:assert/strict";
import { promtool, servers, startPrometheus } from "../support/servers.ts";
import { waitFor } from "../support/wait.ts";

const METRICS = "# HELP weir_lines_total Lines.\n# TYPE weir_lines_total counter\n";
const RULES = `groups:
  - name: test
    rules:
      - { alert: ManyLines, expr: weir_lines_total > 40 }
`;

Deno.test("prometheus: scrapes a target and its rules fire", async () => {
  let scrapes = 0;
  await using target = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => {
    scrapes++;
    return new Response(`${METRICS}weir_lines_total 42\n`, {
      headers: { "content-type": "text/plain; version=0.0.4" },
    });
  });
  const address = `127.0.0.1:${target.addr.port}`;
  await using server = await startPrometheus({ targets: [address], rules: RULES });
  const ask = async (path: string) => (await (await fetch(server.address + path)).json()).data;
  const result = await waitFor("a sample", async () => {
    const { result } = await ask("/api/v1/query?query=weir_lines_total");
    return result.length > 0 && result;
  });
  assert.equal(result[0].value[1], "42");
  assert.equal(result[0].metric.instance, address);
  assert(scrapes >= 1);
  const alerts = await waitFor("an alert", async () => {
    const { alerts } = await ask("/api/v1/alerts");
    return alerts.length > 0 && alerts;
  });
  assert.equal(alerts[0].labels.alertname, "ManyLines");
  assert.equal(alerts[0].state, "firing");
});

Deno.test("promtool: takes good metrics, says what is wrong with others", async () => {
  await promtool(["check", "metrics"], `${METRICS}weir_lines_total 42\n`);
  const bad = "# HELP weir_lines Lines.\n# TYPE weir_lines counter\nweir_lines 1\n";
  await assert.rejects(promtool(["check", "metrics"], bad), /weir_lines.*_total/);
});

Deno.test("prometheus: the shared one evaluates expressions", async () => {
  const { prometheus } = await servers("prometheus");
  const answer = await fetch(
    `${prometheus}/api/v1/query?query=${encodeURIComponent("vector(6)*7")}`,
  );
  const { data } = await answer.json();
  assert.equal(data.result[0].value[1], "42");
});
