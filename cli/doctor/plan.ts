/** Which checks belong to which program's settings; a server in two files is asked for each. */
import type { AgentSettings } from "../../agent/config.ts";
import type { MonitorSettings } from "../../monitor/config.ts";
import type { TransferSettings } from "../../transfer/config.ts";
import { type Check, ok } from "./check.ts";
import { elasticChecks } from "./elastic.ts";
import { etcdCheck, keyCheck } from "./etcd.ts";
import { folderCheck, inotifyCheck, rootsCheck } from "./host.ts";
import { influxChecks } from "./influx.ts";
import { kafkaCheck } from "./kafka.ts";

export interface Site {
  agent?: AgentSettings;
  transfer?: TransferSettings;
  monitor?: MonitorSettings;
}

export interface PlanOptions {
  write: boolean;
  timeoutMs: number;
}

/** The checks in the order of the chain. */
export function checksOf({ agent, transfer, monitor }: Site, options: PlanOptions): Check[] {
  const all: Check[] = [];
  if (agent !== undefined) all.push(...agentChecks(agent));
  if (transfer !== undefined) all.push(...transferChecks(transfer, options));
  if (monitor !== undefined) {
    all.push(settingsCheck("monitor"));
    if (monitor.etcd.hosts.length > 0) all.push(etcdCheck(monitor.etcd, "monitor"));
    if (monitor.influx.enabled) all.push(...influxChecks(monitor.influx, options.timeoutMs));
  }
  return all;
}

function agentChecks(agent: AgentSettings): Check[] {
  const { ledger } = agent;
  return [
    rootsCheck(agent.tail.roots),
    settingsCheck("agent"),
    folderCheck("agent", agent.state),
    inotifyCheck(agent.tail),
    ...(agent.etcd.hosts.length > 0 ? [etcdCheck(agent.etcd, "agent")] : []),
    ...(agent.etcd.hosts.length > 0 && agent.source.file === "" ? [keyCheck(agent)] : []),
    kafkaCheck(agent.kafka, "agent", new Map(ledger.enabled ? [[ledger.topic, "made"]] : [])),
  ];
}

function transferChecks(transfer: TransferSettings, { write }: PlanOptions): Check[] {
  const { consumer, dead, index } = transfer;
  const topics = new Map<string, "made" | "needed">(
    consumer.topics.map((name) => [name, "needed"]),
  );
  topics.set(dead.topic, "made");
  return [
    kafkaCheck(transfer.kafka, "transfer", topics),
    settingsCheck("transfer"),
    ...(transfer.etcd.hosts.length > 0 ? [etcdCheck(transfer.etcd, "transfer")] : []),
    ...(transfer.target === "store"
      ? [folderCheck("transfer", transfer.store.folder)]
      : elasticChecks(transfer.elasticsearch, index.template, write)),
  ];
}

/** Its settings were read already: this says so. */
function settingsCheck(link: "agent" | "transfer" | "monitor"): Check {
  const run = () => Promise.resolve([ok(link, "its settings are valid")]);
  return { link, name: "settings", remedy: "", run };
}
