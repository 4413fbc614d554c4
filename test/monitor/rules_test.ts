/**
 * The rules by `promtool test rules`: each alert fires where it should, not before its time, and
 * not with figures near by. The example of Alertmanager by amtool: which route an alert takes.
 */
import assert from "node:assert/strict";
import { parse, stringify } from "yaml";
import { hostRules } from "../../grafana/rules/hosts.ts";
import { alertsOf, type RuleGroup } from "../../grafana/rules/model.ts";
import { pipelineRules } from "../../grafana/rules/pipeline.ts";
import { run } from "../support/process.ts";
import { sayOnStderr, unpackedCommand } from "../support/real/install.ts";
import { promtool } from "../support/servers.ts";
import { tempDir } from "../support/temp.ts";
import { type AlertCase, hostCases, pipelineCases } from "./rules/cases.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const FILES = ROOT + "grafana/prometheus";

for (
  const [file, groups, cases] of [
    ["hosts.rules.yaml", hostRules, hostCases],
    ["pipeline.rules.yaml", pipelineRules, pipelineCases],
  ] as const
) {
  Deno.test(`promtool test rules: ${file}`, async () => {
    everyAlertHasCases(groups, cases);
    const folder = await tempDir("weir-rules-");
    await using _end = { [Symbol.asyncDispose]: () => folder.remove() };
    const tests = cases.flatMap((one) => [firing(one), quiet(one)]);
    await Deno.writeTextFile(
      folder.join("test.yaml"),
      stringify({ rule_files: [`${FILES}/${file}`], evaluation_interval: "1m", tests }),
    );
    const said = await promtool(["test", "rules", folder.join("test.yaml")]);
    assert.match(said, /SUCCESS/);
    console.log(`${tests.length} cases of ${new Set(cases.map((c) => c.alert)).size} alerts`);
  });
}

function everyAlertHasCases(groups: readonly RuleGroup[], cases: readonly AlertCase[]): void {
  const key = (name: string, severity: string) => `${name} ${severity}`;
  const tried = new Set(cases.flatMap((c) => c.severities.map((s) => key(c.alert, s))));
  const there = new Set(alertsOf(groups).map((alert) => key(alert.name, alert.severity)));
  assert.deepEqual([...tried].sort(), [...there].sort());
}

/** The severities with which an alert fires at some minute, as a query's answer. */
function expectation(alert: string, minutes: number, severities: readonly string[]): unknown {
  return {
    expr: `count by (severity) (ALERTS{alertname="${alert}",alertstate="firing"})`,
    eval_time: `${minutes}m`,
    exp_samples: severities.map((s) => ({ labels: `{severity="${s}"}`, value: 1 })),
  };
}

function firing(one: AlertCase): unknown {
  return {
    name: `${one.alert} fires`,
    interval: "1m",
    input_series: seriesOf(one.fires),
    promql_expr_test: [
      ...(one.notBeforeMinutes === 0 ? [] : [expectation(one.alert, one.notBeforeMinutes, [])]),
      expectation(one.alert, one.atMinutes, one.severities),
    ],
  };
}

function quiet(one: AlertCase): unknown {
  return {
    name: `${one.alert} stays quiet`,
    interval: "1m",
    input_series: seriesOf({ ...one.fires, ...one.quiet }),
    promql_expr_test: [expectation(one.alert, one.atMinutes, [])],
  };
}

function seriesOf(given: Record<string, string>): { series: string; values: string }[] {
  return Object.entries(given).filter(([, values]) => values !== "")
    .map(([series, values]) => ({ series, values }));
}

Deno.test("Alertmanager's example: amtool accepts it, and each severity goes its way", async () => {
  const amtool = await unpackedCommand("amtool", "prometheus-alertmanager", sayOnStderr);
  const file = `${FILES}/alertmanager.yaml`;
  assert.match(await run(amtool, ["check-config", file]), /SUCCESS/);
  const receiver = async (severity: string) =>
    (await run(amtool, [
      "config",
      "routes",
      "test",
      `--config.file=${file}`,
      `severity=${severity}`,
    ]))
      .trim();
  assert.deepEqual(
    [await receiver("critical"), await receiver("warning"), await receiver("info")],
    ["page", "ticket", "nobody"],
  );
});

Deno.test("Prometheus's example has the jobs that the rules select by", async () => {
  await promtool(["check", "config", `${FILES}/prometheus.yaml`]);
  const config = parse(await Deno.readTextFile(`${FILES}/prometheus.yaml`));
  const jobs = new Set(config.scrape_configs.map((job: { job_name: string }) => job.job_name));
  for (const { expr } of [...alertsOf(hostRules), ...alertsOf(pipelineRules)]) {
    for (const [, job] of expr.matchAll(/\bjob="([^"]+)"/g)) assert(jobs.has(job), job);
  }
});

Deno.test("every alert has its runbook, and every runbook its alert", async () => {
  const names = [
    ...new Set([...alertsOf(hostRules), ...alertsOf(pipelineRules)].map((a) => a.name)),
  ];
  const pages: string[] = [];
  for await (const { name } of Deno.readDir(`${ROOT}docs/runbooks`)) {
    if (name !== "README.md") pages.push(name.replace(/\.md$/, ""));
  }
  assert.deepEqual(pages.sort(), names.sort());
  for (const name of names) {
    const text = await Deno.readTextFile(`${ROOT}docs/runbooks/${name}.md`);
    assert(text.startsWith(`# ${name}\n`), name);
    for (const section of ["## Meaning", "## Look", "## Do"]) assert(text.includes(section), name);
  }
});
