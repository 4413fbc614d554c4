/** Builds weir-agent's parts from its settings: the adapters over etcd, Kafka and the machine's files. */
import { DetailPart } from "../core/fleet/detail_part.ts";
import { keptId } from "../core/fleet/identity.ts";
import { programRegistration } from "../core/fleet/program_registration.ts";
import { statusPart } from "../core/http/status_server.ts";
import { createKafka } from "../core/kafka/client.ts";
import { LedgerLog } from "../core/ledger/ledger_log.ts";
import { ProduceClient } from "../core/kafka/produce.ts";
import type { Part } from "../core/lifecycle.ts";
import { logOf } from "../core/log.ts";
import { Counter, newRegistry, type Registry } from "../core/metrics/registry.ts";
import { systemClock } from "../core/ports/clock.ts";
import { systemFiles } from "../core/system_files.ts";
import { TimelyFiles } from "../core/timely_files.ts";
import { Agent } from "./agent.ts";
import type { AgentSettings } from "./config.ts";
import type { AgentMetrics } from "./metrics.ts";
import { LedgerPart } from "./ledger/ledger_part.ts";
import { KafkaLineSink } from "./ship/kafka_line_sink.ts";
import { AnswerPart } from "./plan/answer_part.ts";
import { type AgentPlace, createSource, keysOf, placeOf } from "./source.ts";

/** The parts in the order of their start. Throws WeirErrors for settings that cannot work. */
export async function createAgentParts(settings: AgentSettings): Promise<Part[]> {
  const registry = newRegistry("weir-agent");
  const place = await placeOf(settings), id = await keptId(settings.state);
  const { host } = place;
  let url = settings.listen;
  const answers = answersOf(settings, place, id, () => agent);
  const agent: Agent = new Agent({
    state: settings.state,
    host,
    tz: settings.timezone === ""
      ? Intl.DateTimeFormat().resolvedOptions().timeZone
      : settings.timezone,
    tail: settings.tail,
    source: createSource(settings, place, id, answers && ((...asked) => answers.hear(...asked))),
    sink: (metrics) => createSink(settings, metrics),
    registry,
    clock: systemClock,
    files: new TimelyFiles(systemFiles, { clock: systemClock }),
    onApplied: () => registration?.changed(),
  });
  const registration = programRegistration({
    program: "agent",
    etcd: settings.etcd,
    fleet: settings.fleet,
    ...place,
    id: () => Promise.resolve(id),
    status: () => url,
    state: () => agent.state(),
  });
  const status = statusPart(settings.listen, {
    registry,
    notReady: () => agent.notReady(),
    status: () => agent.status(),
    listening: (address) => url = address,
  }, settings.listenNames);
  return [
    status,
    agent,
    ...ledgerOf(settings, agent, host, registry),
    ...detailOf(settings, agent, { id, host, program: "agent" }),
    ...answers === undefined ? [] : [answers],
    ...registration === undefined ? [] : [registration],
  ];
}

/** Questions come by the keys that say what to tail. */
function answersOf(
  settings: AgentSettings,
  place: AgentPlace,
  id: string,
  agent: () => Agent,
): AnswerPart | undefined {
  const { source, etcd, plan, kafka } = settings;
  if (source.file !== "" || etcd.hosts.length === 0 || !plan.answer) return undefined;
  const keys = keysOf(settings, place);
  return new AnswerPart({
    kafka: createKafka(kafka, "agent.plan"),
    topic: plan.topic,
    agent: id,
    host: place.host,
    plan: (...asked) => agent().plan(keys, ...asked),
  });
}

/** Only where it is registered: without that no page asks for it. */
function detailOf(
  settings: AgentSettings,
  agent: Agent,
  about: { id: string; host: string; program: "agent" },
): Part[] {
  const { detail, etcd, fleet, kafka } = settings;
  if (etcd.hosts.length === 0 || !fleet.register || !detail.enabled) return [];
  return [
    new DetailPart({
      kafka: createKafka(kafka, "agent.detail"),
      settings: detail,
      about,
      state: () => agent.detail(),
    }),
  ];
}

/** Behind the agent, so that it stops before it. */
function ledgerOf(
  settings: AgentSettings,
  agent: Agent,
  host: string,
  registry: Registry,
): LedgerPart[] {
  const { ledger, kafka } = settings;
  if (!ledger.enabled) return [];
  const writes = new Counter({
    name: "weir_agent_ledger_seals_total",
    help: "Seals that the ledger took, or did not.",
    labelNames: ["result"],
    registers: [registry],
  });
  return [
    new LedgerPart({
      log: new LedgerLog(createKafka(kafka, "agent.ledger"), ledger.topic),
      host,
      guarantee: kafka.acks,
      intervalMs: ledger.interval,
      clock: systemClock,
      progress: () => agent.shipped(),
      sealed: (seals) => agent.sealed(seals),
      onWrite: (seals, ok) => writes.inc({ result: ok ? "written" : "failed" }, seals),
    }),
  ];
}

/** The sink over Kafka that the settings ask for; `metrics` may be left out where nobody looks at them. */
export function createSink(
  settings: AgentSettings,
  metrics?: AgentMetrics,
): KafkaLineSink {
  const { kafka } = settings;
  const acks = kafka.acks === "all" ? -1 : Number(kafka.acks) as 0 | 1;
  const log = logOf("agent.ship");
  const client = new ProduceClient(createKafka(kafka, "agent", 1), {
    acks,
    requestTimeoutMs: kafka.requestTimeout,
    clientId: kafka.clientId,
    newTopicPartitions: kafka.newTopicPartitions,
    onTopicCreated: (topic, replication) => {
      metrics?.topicMade(replication);
      if (replication < 3) {
        log.warn("Topic made with few replicas: a broken disk loses its lines", {
          topic,
          replication,
        });
      } else log.info("Topic made", { topic, replication });
    },
  });
  return new KafkaLineSink({
    client,
    clock: systemClock,
    acks,
    codec: kafka.compression,
    level: kafka.compressionLevel,
    lingerMs: kafka.linger,
    batchBytesMax: kafka.batchBytes,
    inFlightMax: kafka.inFlight,
    partitioning: kafka.partitionBy === "fixed"
      ? { by: "fixed", partition: kafka.partition }
      : { by: kafka.partitionBy },
    bufferBytes: settings.tail.bufferBytes,
    onBatch: (topic, _lines, bytes, ms) => metrics?.batch(topic, bytes, ms),
    onFailure: (_topic, error) => metrics?.failure(error.code),
    onCut: (topic, bytes) => {
      metrics?.cutByBroker(topic);
      log.warn("A line was cut: the broker takes none so long", {
        topic,
        bytes,
        hint: "Raise max.message.bytes of the topic, or lower tail.lineBytesMax.",
      });
    },
  });
}
