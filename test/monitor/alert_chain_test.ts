/**
 * The chain of an alert with real programs: a weir-agent is killed, Prometheus sees it by the
 * committed rules, Alertmanager by the committed example sends it, and it arrives at a webhook;
 * when the agent is there again, so does its end. Only the waits are made short.
 */
import assert from "node:assert/strict";
import { parse, stringify } from "yaml";
import { WEBHOOK } from "../../grafana/rules/delivery.ts";
import { servers, startAlertmanager, startPrometheus } from "../support/servers.ts";
import { freePort, uniqueName } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";
import type { Program } from "../support/process.ts";
import { Site } from "./site.ts";

const FILES = new URL("../../grafana/prometheus/", import.meta.url);

interface Alert {
  status: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

Deno.test("an agent is killed: the alert arrives at a webhook, and its end when it is back", async () => {
  const site = await Site.open();
  try {
    const hook = new Webhook();
    site.onClose(() => hook.close());
    const address = `127.0.0.1:${freePort()}`;
    const agent = await startAgent(site, address);
    const alertmanager = await startAlertmanager({ config: await quickRoutes(hook.url) });
    site.onClose(() => alertmanager.remove());
    const prometheus = await startPrometheus({
      targets: [address],
      job: "weir-agent",
      alertmanager: alertmanager.address.replace("http://", ""),
      rules: await quickRules(),
    });
    site.onClose(() => prometheus.remove());
    await waitFor("the agent to be up", async () => {
      const query = encodeURIComponent('up{job="weir-agent"} == 1');
      const answer = await (await fetch(`${prometheus.address}/api/v1/query?query=${query}`))
        .json();
      return answer.data.result.length === 1;
    });
    assert.deepEqual(hook.received, [], "no alert while it runs");

    await agent.kill9();
    const fired = await hook.next("firing");
    assert.equal(fired.labels.alertname, "WeirAgentDown");
    assert.equal(fired.labels.instance, address);
    assert.equal(fired.labels.severity, "critical");
    assert.equal(fired.annotations.runbook_url, "docs/runbooks/WeirAgentDown.md");
    assert(fired.annotations.description.includes(address), fired.annotations.description);

    await startAgent(site, address);
    const resolved = await hook.next("resolved");
    assert.equal(resolved.labels.alertname, "WeirAgentDown");
    console.log("killed, alert at the webhook, started, end of the alert at the webhook");
  } finally {
    await site.close();
  }
});

async function startAgent(site: Site, address: string): Promise<Program> {
  const { kafka } = await servers("kafka");
  const file = `${site.folder}/agent.yaml`;
  await Deno.writeTextFile(`${site.folder}/collect.json`, "[]");
  await Deno.writeTextFile(
    file,
    stringify({
      state: `${site.folder}/${uniqueName("state")}`,
      source: { file: `${site.folder}/collect.json` },
      kafka: { brokers: [kafka] },
      tail: { roots: [site.folder] },
      listen: address,
    }),
  );
  const args = ["run", "-A", "--quiet", "agent/main.ts", "--config", file];
  const program = site.start(Deno.execPath(), args);
  await waitFor("the agent's /healthz", async () => {
    const answer = await fetch(`http://${address}/healthz`);
    await answer.body?.cancel();
    return answer.ok;
  }, { detail: () => program.tail() });
  return program;
}

/** The committed rules without their waits. */
async function quickRules(): Promise<string> {
  const file = parse(await Deno.readTextFile(new URL("pipeline.rules.yaml", FILES)));
  for (const rule of file.groups.flatMap((group: { rules: unknown[] }) => group.rules)) {
    rule.for = "1s";
    delete rule.keep_firing_for;
  }
  return stringify(file);
}

/** The committed example with the test's webhook, and without its waits. */
async function quickRoutes(url: string): Promise<string> {
  const text = await Deno.readTextFile(new URL("alertmanager.yaml", FILES));
  assert(text.includes(WEBHOOK));
  return text.replaceAll(WEBHOOK, url)
    .replaceAll(/group_wait: \S+/g, "group_wait: 1s")
    .replaceAll(/group_interval: \S+/g, "group_interval: 1s");
}

/** What an operator's pager would be: keeps every alert that is sent to it. */
class Webhook {
  readonly url: string;
  readonly received: Alert[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor() {
    const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
    this.#server = Deno.serve(options, async (request) => {
      this.received.push(...(await request.json()).alerts);
      return new Response("ok");
    });
    this.url = `http://127.0.0.1:${this.#server.addr.port}/alerts`;
  }

  /** The first alert with this status that has arrived or arrives. */
  next(status: string): Promise<Alert> {
    return waitFor(
      `an alert that is ${status}`,
      () => this.received.find((alert) => alert.status === status),
      { timeoutMs: 60_000 },
    );
  }

  close(): Promise<void> {
    return this.#server.shutdown();
  }
}
