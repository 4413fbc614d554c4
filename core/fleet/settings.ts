/** Settings of a program's registration in etcd, the same in every program. */
import { z } from "zod";
import { duration, flag, group, text } from "../config/fields.ts";
import { DETAIL_TOPIC } from "./detail.ts";
import { GROUP_KEY, HOST_KEY, LIVE_PREFIX, TOPICS_KEY } from "./keys.ts";

export const fleetFields = {
  register: flag(true, { description: "Register in etcd; without etcd.hosts nothing is." }),
  labels: z.record(z.string().regex(/^[A-Za-z0-9_.\/-]{1,100}$/), z.string().max(200)).default({})
    .refine((labels) => Object.keys(labels).length <= 32, "Expected 32 labels at most")
    .meta({
      description: "Labels of this host, by which `weir fleet` and a canary choose.",
      example: { env: "prod", rack: "7" },
    }),
  prefix: text("/weir/live/", { description: "Prefix of the keys of programs that run." }),
  ttl: duration(2000, 600e3, "15s", {
    description: "How long a registration outlives its program.",
  }),
  figures: duration(1000, 3600e3, "30s", {
    description:
      "Between two writes of changed figures; what is applied, and health, are written at once.",
  }),
};

const fleetGroup = group(fleetFields, { description: "Registration." });
export type FleetSettings = z.output<typeof fleetGroup>;

export const detailFields = {
  enabled: flag(true, {
    description: "Tell each file, or partition, by Kafka, for the fleet page and `weir top`.",
  }),
  topic: text(DETAIL_TOPIC, { description: "Topic for it; made where it is not there." }),
  interval: duration(1000, 3600e3, "10s", { description: "Between two looks for changes." }),
};

const detailGroup = group(detailFields, { description: "Detail." });
export type DetailSettings = z.output<typeof detailGroup>;

/** Where the operator's commands and the page find what they look at and change. */
export const keyFields = {
  host: text(HOST_KEY, { description: "Key of a host, as agents have it in source.key." }),
  group: text(GROUP_KEY, {
    description: "Key of a group, as agents have it in source.groupKey.",
  }),
  topics: text(TOPICS_KEY, { description: "Key of the rules of topics, as transfers have it." }),
  live: text(LIVE_PREFIX, { description: "Prefix of the keys of programs that run." }),
};
