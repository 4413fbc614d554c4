/** Where the rules of topics come from: a file, or etcd, or nowhere. */
import { FileConfigSource } from "../../core/config/file_source.ts";
import { etcdInTurn } from "../../core/etcd/client.ts";
import { EtcdConfigSource } from "../../core/etcd/etcd_config_source.ts";
import { systemClock } from "../../core/ports/clock.ts";
import type { ConfigSource } from "../../core/ports/config_source.ts";
import { systemFiles } from "../../core/system_files.ts";
import type { TransferSettings } from "../config.ts";
import type { PlanDefaults } from "./plan.ts";
import { type SettingsEvents, TopicSettings } from "./topic_settings.ts";

/** What the settings file says of all topics. */
export function planDefaults({ index, dead, archive }: TransferSettings): PlanDefaults {
  return {
    index: index.name,
    document: index.document,
    fields: index.fields,
    daysBack: index.daysBack,
    retentionDays: index.retentionDays,
    retentionBytes: index.retentionBytes,
    dead: dead.topic,
    ...(archive.location === ""
      ? {}
      : { archive: { format: archive.format, days: archive.retentionDays } }),
  };
}

export function createTopicSettings(
  settings: TransferSettings,
  events: SettingsEvents,
): TopicSettings {
  return new TopicSettings(ruleSource(settings), planDefaults(settings), events);
}

function ruleSource({ topics, etcd }: TransferSettings): ConfigSource | undefined {
  if (topics.file !== "") return new FileConfigSource(topics.file, systemFiles, systemClock);
  if (etcd.hosts.length === 0 || topics.key === "") return undefined;
  return new EtcdConfigSource({
    connect: etcdInTurn(etcd),
    key: topics.key,
    clock: systemClock,
    timeoutMs: etcd.timeout,
    rereadMs: etcd.reread,
  });
}
