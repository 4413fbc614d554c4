/** The settings of `weir page`, the search page over Elasticsearch. Secrets are files or the environment's, never values. */
import type { z } from "zod";
import { bytes, duration, group, integer, settings, text, texts } from "../core/config/fields.ts";
import { ANSWER_TOPIC } from "../core/fleet/question_schema.ts";
import { LEDGER_TOPIC } from "../core/ledger/seal.ts";
import { DETAIL_TOPIC } from "../core/fleet/detail.ts";
import { fleetFields, keyFields } from "../core/fleet/settings.ts";
import { etcdFields } from "../core/etcd/settings.ts";
import { kafkaFields } from "../core/kafka/settings.ts";
import { programFields } from "../core/config/program_fields.ts";
import { archiveReadSettings } from "./archive/settings.ts";
import { elasticFields } from "../core/elastic/settings.ts";

/** Index, alias, data stream or pattern of them, of this cluster or another ("east:weir-*"). */
const INDEX = /^(?:[A-Za-z0-9_*-]+:)?[a-z0-9.*][a-z0-9._*+-]*$/;

const fields = settings({
  elasticsearch: group(elasticFields, {
    description: "Where documents are; the right to read is enough.",
  }),
  index: texts(["weir-*"], 100, {
    description:
      "Indices, aliases, data streams, or patterns of them. Documents without @timestamp are not shown.",
    example: ["weir-*", "logs-shop-*"],
  }),
  search: group({
    timeout: duration(1000, 600e3, "30s", {
      description: "Longest time that Elasticsearch may take for one request.",
    }),
    answerBytesMax: bytes(1_048_576, 2 ** 30, "64MiB", {
      description: "Largest answer of Elasticsearch; larger ones are asked for in parts.",
    }),
    max: integer(1, 1000, 24, { description: "Searches at once." }),
  }, { description: "Searches." }),
  live: group({
    poll: duration(200, 60e3, "1s", { description: "Between two looks for new lines." }),
    window: duration(10e3, 3600e3, "2m", {
      description:
        "How late a document may be found after event.ingested; clocks may differ by as much.",
    }),
    rateMax: integer(1, 100_000, 2000, {
      description: "Lines a second of one live tail above which lines are sampled.",
    }),
  }, { description: "Live lines." }),
  archive: archiveReadSettings,
  etcd: group(etcdFields, { description: "Connection to etcd, for the page of the fleet." }),
  fleet: group(fleetFields, { description: "How this page shows itself in etcd." }),
  keys: group(keyFields, { description: "Keys in etcd." }),
  kafka: group({
    ...kafkaFields,
    brokers: texts([], 100, {
      description: "Brokers, HOST:PORT; without one the page of the fleet shows no single files.",
    }),
    ledgerTopic: text(LEDGER_TOPIC, {
      description:
        "Topic of the ledger, as agents have it in ledger.topic: inodes, for a line's way.",
    }),
    detailTopic: text(DETAIL_TOPIC, {
      description: "Topic with what each host tails, as agents have it in detail.topic.",
    }),
    answersTopic: text(ANSWER_TOPIC, {
      description: "Topic by which hosts answer to a plan, as agents have it in plan.",
    }),
    deadTopic: text("weir-dead", { description: "Topic of the dead letters, for the audit." }),
  }, { description: "Connection to Kafka: what each host tails, plans, a line's way, the audit." }),
  elsewhere: group({
    kibana: text("", {
      description: "Address of Kibana; the page then links to the same search in Discover.",
      example: "https://kibana.example.com",
    }),
    dataView: text("weir-logs", {
      description: "Id of Kibana's data view; this one is in deploy/kibana/objects.ndjson.",
    }),
    grafana: text("", {
      description: "Address of Grafana; the page then links to the same search in Explore.",
      example: "https://grafana.example.com",
    }),
    dataSource: text("weir-elasticsearch", {
      description: "Uid of Grafana's Elasticsearch; this one is in grafana/provisioning.",
    }),
  }, {
    description:
      "Other programs over the same indices. No login in the addresses: readers see them.",
  }),
  passwordFile: text("", { description: "File with the page's password; or WEIR_PASSWORD." }),
  tokenFile: text("", { description: "File with a token for programs; or WEIR_TOKEN." }),
  usersFile: text("", {
    description: "File with users, their roles and topics; docs/reference/users.md.",
  }),
  hosts: texts([], 100, { description: "Further names under which the page may be called." }),
  ...programFields("127.0.0.1:7700"),
});

/** The settings file of `weir page`. */
export const pageSettings = fields.superRefine((value, context) => {
  const fault = (path: (string | number)[], message: string) =>
    context.addIssue({ code: "custom", path, message });
  if (value.index.length === 0) fault(["index"], "Expected an index or pattern");
  value.index.forEach((name, at) => {
    if (!INDEX.test(name)) fault(["index", at], `"${name}" is no index or pattern`);
  });
  const isUrl = (text: string) =>
    /^https?:$/.test(URL.canParse(text) ? new URL(text).protocol : "");
  for (const name of ["kibana", "grafana"] as const) {
    const url = value.elsewhere[name];
    if (url !== "" && !isUrl(url)) {
      fault(["elsewhere", name], `"${url}" is no URL, such as https://${name}.example.com`);
    }
  }
  value.elasticsearch.nodes.forEach((node, at) => {
    if (!isUrl(node)) {
      fault(["elasticsearch", "nodes", at], `"${node}" is no URL, such as https://es1:9200`);
    }
  });
});

export type PageSettings = z.output<typeof pageSettings>;
