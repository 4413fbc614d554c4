/**
 * The settings of weir-transfer: one specification that gives type, check, JSON Schema and
 * reference page. Secrets are files, never values.
 */
import type { z } from "zod";
import {
  bytes,
  choice,
  duration,
  flag,
  group,
  integer,
  settings,
  text,
  texts,
} from "../core/config/fields.ts";
import { programFields } from "../core/config/program_fields.ts";
import { elasticFields } from "../core/elastic/settings.ts";
import { messageOf } from "../core/errors.ts";
import { etcdFields } from "../core/etcd/settings.ts";
import { LEDGER_TOPIC } from "../core/ledger/seal.ts";
import { detailFields, fleetFields } from "../core/fleet/settings.ts";
import { kafkaFields } from "../core/kafka/settings.ts";
import { archiveSettings } from "./archive/settings.ts";
import { compilePatterns } from "./consume/topics.ts";
import { TemplateNames } from "./index/names.ts";
import { defaultIndex } from "./topics/plan.ts";

const consumer = group({
  groupId: text("weir-transfer", {
    description: "Consumer group; transfers that share it share the work.",
  }),
  instanceId: text("", {
    description:
      "Name of this process in the group, the same after a restart and no other's: it then has its partitions back at once, and the others are not disturbed. Empty: none.",
  }),
  topics: texts([], 10_000, { description: "Topics to read, by name." }),
  topicPatterns: texts([], 100, {
    description:
      "Topics to read, as regular expressions over the whole name. New topics are found as they come.",
    example: ["app-.*"],
  }),
  topicsExcluded: texts([], 1000, {
    description:
      "Topics that a pattern does not mean; internal topics, dead letters, ledger and detail never are.",
  }),
  topicsRefresh: duration(1000, 3600e3, "60s", {
    description:
      "Between two looks for new topics, and for added partitions where it is a minute at most.",
  }),
  sessionTimeout: duration(6000, 1800e3, "45s", {
    description: "After this long without a sign the group gives our partitions to others.",
  }),
  rebalanceTimeout: duration(6000, 1800e3, "60s", {
    description: "How long the group waits for all members to join again.",
  }),
  heartbeat: duration(100, 60e3, "3s", {
    description: "Between two signs; below a third of sessionTimeout.",
  }),
  commitInterval: duration(10, 60e3, "1s", { description: "Between two commits of offsets." }),
  offsetsInterval: duration(10, 3600e3, "10s", {
    description: "Between two looks at how far Kafka is ahead, for the lag.",
  }),
  fetchWait: duration(10, 30e3, "500ms", {
    description: "How long a broker may wait for new records.",
  }),
  fetchBytes: bytes(1024, 2 ** 30, "2MiB", { description: "Largest answer of a broker." }),
  partitionBytes: bytes(1024, 2 ** 30, "512KiB", {
    description: "Largest part of one partition in an answer.",
  }),
  batchBytesMax: bytes(1024, 2 ** 30, "128MiB", {
    description: "Largest record batch after unpacking; a larger one goes to the dead letters.",
  }),
  stuckAfter: duration(5000, 3600e3, "2m", {
    description: "A consumer that was not answered for so long is started again.",
  }),
}, { description: "Reading from Kafka." });

const elasticsearch = group(elasticFields, { description: "Where documents go." });

const index = group({
  name: text("", {
    description:
      "Name of an index; {topic} must be in it, {day} becomes 2026.11.21. Empty: weir-{topic}-{day} for full documents, {topic} for minimal ones.",
  }),
  retentionDays: integer(0, 36_500, 0, {
    description:
      "Days that a daily index is kept beside the one of today; older ones are deleted whole. 0: for ever.",
  }),
  retentionBytes: bytes(0, 1e15, "0", {
    description:
      "Bytes of all indices of a topic, replicas not counted; beyond that the oldest are deleted whole. 0: no bound.",
  }),
  retentionInterval: duration(1000, 86_400e3, "10m", {
    description: "Between two looks for indices to delete.",
  }),
  rollover: bytes(2 ** 20, 1e15, "30GiB", {
    description: "Bytes of a primary shard from which on a data stream begins its next index.",
  }),
  document: choice(["full", "minimal"], "full", {
    description: "full: ECS fields; minimal: exactly topic and data.",
  }),
  decisions: text("/weir/index/", {
    description:
      "Prefix in etcd under which names and formats of a topic and day are kept; without etcd.hosts they follow the settings.",
  }),
  template: flag(true, { description: "Install the index template before the first document." }),
  templatePriority: integer(0, 1_000_000, 150, { description: "Priority of the index template." }),
  shards: integer(1, 1024, 1, { description: "Primary shards of a new index." }),
  replicas: integer(0, 100, 1, { description: "Replicas of a new index." }),
  fields: choice(["auto", "none"], "auto", {
    description:
      "auto: the fields of JSON and logfmt lines are written too, all in one flattened field.",
  }),
  refreshInterval: text("", {
    description: "refresh_interval of a new index; empty: Elasticsearch's own.",
  }),
  daysBack: integer(1, 36_500, 400, {
    description:
      "Records of other producers that are older (or from the future) share one index, so that times cannot make thousands.",
  }),
}, { description: "Indices." });

const bulk = group({
  bytesMax: bytes(1024, 100 * 2 ** 20, "4MiB", { description: "Largest body of a bulk request." }),
  documentsMax: integer(1, 100_000, 2000, { description: "Most documents in a bulk request." }),
  linger: duration(0, 60e3, "200ms", { description: "Longest wait for a bulk request to fill." }),
  workers: integer(1, 256, 16, {
    description:
      "Most bulk requests at once; fewer while Elasticsearch says 429, or while more would only wait for one another.",
  }),
  retryMax: duration(10, 600e3, "30s", { description: "Longest pause before a retry." }),
}, { description: "Bulk requests." });

const store = group({
  folder: text("/var/lib/weir/store", { description: "Folder of the store; made where missing." }),
  keepAge: duration(60e3, 36_500 * 86400e3, "30d", { description: "How long lines are kept." }),
  keepBytes: bytes(1_048_576, 2 ** 50, "10GB", {
    description: "Disk that lines may take; the oldest go first.",
  }),
}, { description: "The embedded store, where target is store." });

const fields = settings({
  kafka: group(kafkaFields, { description: "Kafka." }),
  target: choice(["elasticsearch", "store"], "elasticsearch", {
    description:
      "Where documents go. store: into the embedded store of this host, with the search page over it; `weir transfer` does that.",
  }),
  store,
  archive: archiveSettings,
  etcd: group(etcdFields, {
    description: "etcd, where names of indices are fixed; may be left out.",
  }),
  fleet: group(fleetFields, { description: "How this transfer shows itself in etcd." }),
  detail: group(detailFields, { description: "The state of each partition, told by Kafka." }),
  ledger: group({
    enabled: flag(true, { description: "Say in the ledger what rules dropped, for `weir audit`." }),
    topic: text(LEDGER_TOPIC, { description: "Topic of the ledger, as agents have it." }),
  }, { description: "What rules dropped, as small records for `weir audit`." }),
  consumer,
  elasticsearch,
  index,
  bulk,
  channel: group({
    linesMax: integer(100, 10_000_000, 100_000, {
      description: "Most lines in memory; beyond it partitions are paused.",
    }),
    bytesMax: bytes(65_536, 2 ** 34, "24MiB", {
      description: "Most bytes of lines in memory; beyond it partitions are paused.",
    }),
  }, { description: "What is between Kafka and Elasticsearch." }),
  dead: group({
    topic: text("weir-dead", {
      description: "Topic for lines that Elasticsearch refuses for good.",
    }),
    partitions: integer(1, 1000, 1, {
      description: "Partitions of that topic where it has to be made.",
    }),
    messageBytes: bytes(1_000_000, 2 ** 30, "16MiB", {
      description: "max.message.bytes of that topic where it has to be made.",
    }),
    retention: duration(3600e3, 3650 * 86400e3, "90d", {
      description: "How long that topic keeps them, where it has to be made.",
    }),
    index: flag(true, {
      description:
        "Write them to the index TOPIC-{day} too, so that they can be seen where lines are looked for.",
    }),
  }, { description: "Dead letters." }),
  topics: group({
    key: text("/weir/transfer/topics", {
      description:
        "Key in etcd that holds the rules of topics, a JSON array: docs/reference/topics.md. Used where etcd.hosts are set.",
    }),
    file: text("", { description: "File that holds them instead, JSON or YAML." }),
  }, { description: "What is said of single topics; changes take effect without a restart." }),
  ...programFields("127.0.0.1:9465", "20s"),
});

/** The settings file of weir-transfer. */
export const transferSettings = fields.superRefine((value, context) => {
  const check = (path: string[], run: () => void) => {
    try {
      run();
    } catch (error) {
      context.addIssue({ code: "custom", path, message: messageOf(error) });
    }
  };
  check(["consumer", "topicPatterns"], () => compilePatterns(value.consumer.topicPatterns));
  check(["index", "name"], () => new TemplateNames(indexTemplate(value.index)));
  if (value.consumer.heartbeat * 2 > value.consumer.sessionTimeout) {
    context.addIssue({
      code: "custom",
      path: ["consumer", "heartbeat"],
      message: "Expected at most half of sessionTimeout",
    });
  }
});

/** The template of index names for topics without one of their own. */
export function indexTemplate(index: { name: string; document: "full" | "minimal" }): string {
  return index.name === "" ? defaultIndex(index.document, false) : index.name;
}

export type TransferSettings = z.output<typeof transferSettings>;
