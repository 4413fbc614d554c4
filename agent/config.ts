/** The settings of weir-agent: one specification for types, checks, JSON Schema and the reference page. */
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
import { LEDGER_TOPIC } from "../core/ledger/seal.ts";
import { etcdFields } from "../core/etcd/settings.ts";
import { ANSWER_TOPIC } from "../core/fleet/question_schema.ts";
import { GROUP_KEY } from "../core/fleet/keys.ts";
import { detailFields, fleetFields } from "../core/fleet/settings.ts";
import { CODECS } from "../core/kafka/record_batch.ts";
import { kafkaFields } from "../core/kafka/settings.ts";

export const tailFields = {
  roots: texts(["/var/log"], 100, {
    description:
      "Directories outside which nothing is ever read, whatever etcd says; links that lead out are refused.",
  }),
  filesMax: integer(1, 1_000_000, 10_000, { description: "Matching files at most." }),
  openMax: integer(10, 100_000, 1000, {
    description:
      "Files open at once; of more that match, those with something to read are opened in turn.",
  }),
  sweep: duration(100, 3600e3, "10s", {
    description: "Between two looks at everything, beside what the system tells.",
  }),
  lineBytesMax: bytes(1024, 900_000, "256KiB", {
    description: "Longest line; what is longer is cut and counted.",
  }),
  partialFlush: duration(100, 3600e3, "5s", {
    description: "How long a last line without line end may stand before it is sent.",
  }),
  detached: duration(1000, 30 * 86400e3, "1h", {
    description: "How long a rotated file that no pattern finds stays open after its last growth.",
  }),
  skipBinary: flag(false, {
    description: "Leave out files that begin with binary data, and say so.",
  }),
  copyHold: duration(0, 600e3, "10s", {
    description:
      "How long a new file that looks like a copy of another waits for that one's truncation.",
  }),
  forget: duration(60e3, 365 * 86400e3, "14d", {
    description: "How long the place in a file that is gone is kept.",
  }),
  bufferBytes: bytes(1 << 20, 1 << 30, "32MiB", {
    description: "Bytes read and not yet acknowledged at most.",
  }),
  chunkBytes: bytes(1 << 16, 1 << 24, "1MiB", { description: "Bytes read at once." }),
};

const ledgerFields = {
  enabled: flag(true, { description: "Write the ledger." }),
  topic: text(LEDGER_TOPIC, { description: "Topic of the ledger; made where it is not there." }),
  interval: duration(100, 3600e3, "10s", {
    description: "Between two looks at what was shipped since.",
  }),
};

const planFields = {
  answer: flag(true, {
    description: "Answer what a configuration would do here; without etcd nothing is asked.",
  }),
  topic: text(ANSWER_TOPIC, { description: "Topic for the answers; made where it is not there." }),
};

export const agentSettings = settings({
  state: text("/var/lib/weir-agent", {
    description: "Folder for the checkpoint; one agent a folder.",
  }),
  host: text("", { description: "Name of this host in host.name; empty: the system's." }),
  ip: text("", {
    description: "What {ip} means in the key; empty: the address with which etcd is reached.",
  }),
  timezone: text("", { description: "Zone of times that name none; empty: the system's." }),
  source: group({
    file: text("", { description: "Local file with what to tail, instead of etcd." }),
    key: text("/logagent/{ip}/collect_config", {
      description: "etcd key with what to tail; {ip} and {hostname} are filled in.",
    }),
    groups: texts([], 50, {
      description:
        "Groups whose entries hold beside this host's own; every agent is in the group all.",
      example: ["web"],
    }),
    groupKey: text(GROUP_KEY, {
      description: "etcd key of a group; {group} is filled in. Empty: no groups.",
    }),
  }, { description: "Where the agent is told what to tail." }),
  etcd: group(etcdFields, { description: "Connection to etcd." }),
  fleet: group(fleetFields, { description: "How this agent shows itself in etcd." }),
  kafka: group({
    ...kafkaFields,
    acks: choice(["all", "1", "0"], "all", {
      description:
        "Who must have a line before it counts as delivered; with 1 or 0 lines can be lost.",
    }),
    compression: choice(CODECS, "zstd", { description: "Codec of the batches." }),
    compressionLevel: integer(1, 19, 1, {
      description: "Level of zstd or gzip; the others have none.",
    }),
    linger: duration(0, 60e3, "20ms", {
      description: "Longest wait for more lines before a batch goes.",
    }),
    batchBytes: bytes(1 << 16, 16 << 20, "900KiB", {
      description: "Bytes of a batch before compression.",
    }),
    inFlight: integer(1, 5, 5, {
      description:
        "Batches of a partition on their way at once; the broker drops repeats and keeps the order. Without acks: all it is 1.",
    }),
    partitionBy: choice(["key", "round-robin", "fixed"], "key", {
      description:
        "key: all lines of a file in one partition, in order. round-robin: spread evenly, not in order. fixed: kafka.partition.",
    }),
    partition: integer(0, 100_000, 0, { description: "The partition where partitionBy is fixed." }),
    newTopicPartitions: integer(1, 10_000, 6, {
      description: "Partitions of a topic that does not exist yet.",
    }),
  }, { description: "Connection to Kafka and how lines are sent." }),
  ledger: group(ledgerFields, {
    description: "What was shipped, as small records for `weir audit`.",
  }),
  detail: group(detailFields, { description: "What is tailed, file by file, told by Kafka." }),
  plan: group(planFields, { description: "Answers to `weir config plan`." }),
  tail: group(tailFields, { description: "Reading files." }),
  ...programFields("127.0.0.1:9463"),
});

export type AgentSettings = z.output<typeof agentSettings>;
export type TailSettings = AgentSettings["tail"];
