/**
 * The metrics of a transfer. Labels are topics, partitions and codes only, bounded in number; none
 * takes its value from a line. Lag and offsets have kafka_exporter's names, so that its dashboards
 * and alerts fit.
 */
import {
  boundedLabel,
  Counter,
  Gauge,
  Histogram,
  type Registry,
} from "../core/metrics/registry.ts";
import type { ArchiverEvents } from "./archive/archiver.ts";
import type { UpkeepEvents } from "./archive/upkeep.ts";
import type { ConsumerEvents } from "./consume/consumer.ts";
import type { Lane } from "./consume/lane.ts";
import type { ChannelEvents } from "./deliver/channel.ts";
import type { DeliveryEvents } from "./deliver/deliverer.ts";
import type { WriterEvents } from "./index/elastic_writer.ts";
import type { RetentionEvents } from "./index/retention.ts";
import type { SettingsEvents } from "./topics/topic_settings.ts";

const TOPICS_MAX = 1000;
const PARTITION_LABELS = ["topic", "partition"];
const GROUP_LABELS = ["consumergroup", ...PARTITION_LABELS];

/** What the gauges are read from when somebody asks for /metrics. */
export interface TransferState {
  groupId: string;
  lanes(): Iterable<Lane>;
  /** Undefined where there is none. */
  archive(): { groupId: string; lanes: Iterable<Lane>; bytes: number } | undefined;
  channel: { lines: number; bytes: number };
  channelMax: { lines: number; bytes: number };
  /** Topics that have used up their quota. */
  overQuota(): number;
  delivery: { limit: number; active: number; waiting: number };
}

export type TransferEvents =
  & ChannelEvents
  & DeliveryEvents
  & ConsumerEvents
  & WriterEvents
  & SettingsEvents
  & RetentionEvents
  & { archive: ArchiverEvents & UpkeepEvents };

/** Registers everything and returns where the parts report to. */
export function transferMetrics(registry: Registry, state: () => TransferState): TransferEvents {
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name: `weir_transfer_${name}`, help, labelNames, registers: [registry] });
  const topicLabel = boundedLabel(TOPICS_MAX);
  const read = counter("read_records_total", "Records read from Kafka.", ["topic"]);
  const readBytes = counter("read_bytes_total", "Bytes of their lines.", ["topic"]);
  const dropped = counter("dropped_records_total", "Records dropped by a rule.", [
    "topic",
    "rule",
  ]);
  const fields = counter(
    "dropped_fields_total",
    "Headers left out of documents: too many, too long.",
  );
  const items = counter("bulk_items_total", "Documents by what became of them.", [
    "result",
    "code",
  ]);
  const bulks = counter("bulk_requests_total", "Bulk requests that were answered.");
  const failures = counter("failures_total", "Requests of which nothing is known.", ["code"]);
  const dead = counter("dead_letters_total", "Dead letters written, by reason.", ["code"]);
  const lost = counter("lost_records_total", "Offsets that Kafka removed before they were read.", [
    "topic",
  ]);
  const invalid = counter("invalid_utf8_total", "Byte sequences replaced by U+FFFD.");
  const compared = counter("compared_total", "Existing documents that were compared.", ["same"]);
  const rebalances = counter("rebalances_total", "Assignments of partitions.");
  const commits = counter("commits_total", "Commits of offsets.", ["result"]);
  const restarts = counter("consumer_restarts_total", "Starts of the consumer after a failure.");
  const { bulkSize, bulkSeconds, delay, lineDelay } = histograms(registry);
  stateGauges(registry, state);
  return {
    read(topic, records, bytes) {
      const label = { topic: topicLabel(topic) };
      read.inc(label, records);
      readBytes.inc(label, bytes);
    },
    fieldsDropped: (count) => fields.inc(count),
    dropped: (topic, rule, records) => dropped.inc({ topic: topicLabel(topic), rule }, records),
    ...topicEvents(registry),
    archive: archiveEvents(registry, topicLabel),
    outcome: (result, code, count) => items.inc({ result, code }, count),
    bulk(documents, _bytes, ms) {
      bulks.inc();
      bulkSize.observe(documents);
      bulkSeconds.observe(ms / 1000);
    },
    failed: (code) => failures.inc({ code }),
    dead: (code, count) => dead.inc({ code }, count),
    delay: (ms) => delay.observe(ms / 1000),
    lineDelay: (ms) => lineDelay.observe(ms / 1000),
    lost: (topic, _partition, records) => lost.inc({ topic: topicLabel(topic) }, records),
    invalidUtf8: (count) => invalid.inc(count),
    compared: (same) => compared.inc({ same: String(same) }),
    rebalanced: () => rebalances.inc(),
    committed: (failed) => commits.inc({ result: failed ? "failed" : "done" }),
    restarted: () => restarts.inc(),
  };
}

/** What goes into the archive. */
function archiveEvents(
  registry: Registry,
  topicLabel: (topic: string) => string,
): ArchiverEvents & UpkeepEvents {
  const counter = (name: string, help: string, labelNames: string[]) =>
    new Counter({ name: `weir_transfer_archive_${name}`, help, labelNames, registers: [registry] });
  const records = counter("records_total", "Records in objects of the archive.", ["topic"]);
  const repeats = counter("repeats_total", "Records left out because they were there before.", [
    "topic",
  ]);
  const objects = counter("objects_total", "Objects written.", ["topic"]);
  const bytes = counter("bytes_total", "Bytes of those objects.", ["topic"]);
  const days = counter("sealed_days_total", "Manifests of days, later ones of a day included.", [
    "topic",
  ]);
  const merged = counter("merged_objects_total", "Small objects that became part of one.", [
    "topic",
  ]);
  const expired = counter("expired_objects_total", "Objects deleted by age.", ["topic"]);
  const failures = counter("failures_total", "Attempts that failed, by code.", ["code"]);
  return {
    archived(topic, count, repeated, written, size) {
      const label = { topic: topicLabel(topic) };
      records.inc(label, count);
      repeats.inc(label, repeated);
      objects.inc(label, written);
      bytes.inc(label, size);
    },
    sealed(topic, count) {
      const label = { topic: topicLabel(topic) };
      days.inc(label);
      merged.inc(label, count);
    },
    expired: (topic, count) => expired.inc({ topic: topicLabel(topic) }, count),
    failed: (code) => failures.inc({ code }),
  };
}

/** What rules of topics and retention do. */
function topicEvents(registry: Registry): SettingsEvents & RetentionEvents & WriterEvents {
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name: `weir_transfer_${name}`, help, labelNames, registers: [registry] });
  const unfit = counter(
    "unfit_lines_total",
    "Lines that the way of reading of their topic did not fit; they are written without fields.",
  );
  const deletedIndices = counter("deleted_indices_total", "Indices deleted by retention.", [
    "reason",
  ]);
  const deletedDocuments = counter("deleted_documents_total", "Documents in them.", ["reason"]);
  const applied = counter(
    "topic_rules_total",
    "Rules of topics that came, by what became of them.",
    [
      "result",
    ],
  );
  return {
    unfit: (count) => unfit.inc(count),
    deleted(reason, documents) {
      deletedIndices.inc({ reason });
      deletedDocuments.inc({ reason }, documents);
    },
    applied: (result) => applied.inc({ result }),
  };
}

function histograms(registry: Registry) {
  const histogram = (name: string, help: string, buckets: number[]) =>
    new Histogram({ name: `weir_transfer_${name}`, help, buckets, registers: [registry] });
  const bulkSize = histogram("bulk_documents", "Documents of a bulk request.", [
    1,
    10,
    100,
    500,
    1000,
    2000,
    5000,
    10_000,
  ]);
  const bulkSeconds = histogram("bulk_seconds", "Time until a bulk request was answered.", [
    0.01,
    0.03,
    0.1,
    0.3,
    1,
    3,
    10,
    30,
  ]);
  const delay = histogram(
    "delay_seconds",
    "From the record's time in Kafka to its acknowledgement, oldest of a bulk request.",
    [0.1, 0.3, 1, 3, 10, 30, 60, 300, 900, 3600, 86_400],
  );
  const lineDelay = histogram(
    "line_delay_seconds",
    "From the line's own time to its acknowledgement, oldest of a bulk request.",
    [0.1, 0.3, 1, 3, 10, 30, 60, 300, 900, 3600, 86_400, 7 * 86_400],
  );
  return { bulkSize, bulkSeconds, delay, lineDelay };
}

function stateGauges(registry: Registry, state: () => TransferState): void {
  const gauge = (name: string, help: string, read: (state: TransferState) => number) =>
    new Gauge({
      name: `weir_transfer_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(read(state()));
      },
    });
  gauge("channel_lines", "Lines in memory.", ({ channel }) => channel.lines);
  gauge("channel_bytes", "Bytes that they count for.", ({ channel }) => channel.bytes);
  gauge("channel_lines_max", "Bound of lines in memory.", ({ channelMax }) => channelMax.lines);
  gauge("channel_bytes_max", "Bound of bytes in memory.", ({ channelMax }) => channelMax.bytes);
  gauge(
    "archive_bytes",
    "Bytes of lines that wait for their object.",
    ({ archive }) => archive()?.bytes ?? 0,
  );
  gauge("workers_limit", "Bulk requests allowed at once.", ({ delivery }) => delivery.limit);
  gauge("workers_active", "Bulk requests open.", ({ delivery }) => delivery.active);
  gauge(
    "partitions_paused",
    "Partitions that wait for room.",
    ({ lanes }) => [...lanes()].filter((lane) => lane.paused).length,
  );
  gauge(
    "topics_over_quota",
    "Topics that wait or are dropped because their quota is used up.",
    ({ overQuota }) => overQuota(),
  );
  gauge(
    "loss_ahead_partitions",
    "Partitions of which Kafka will soon remove records that were not read.",
    ({ lanes }) => [...lanes()].filter((lane) => lane.lossAhead !== "").length,
  );
  laneGauges(registry, state);
}

/** Lag and offsets of the partitions that are ours. */
function laneGauges(registry: Registry, state: () => TransferState): void {
  const perLane = (
    name: string,
    help: string,
    labelNames: string[],
    value: (lane: Lane) => number,
  ) =>
    new Gauge({
      name,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset();
        const { groupId, lanes, archive } = state();
        const byGroup = labelNames.includes("consumergroup");
        const all = [...lanes()].map((lane) => ({ lane, group: groupId }));
        const other = byGroup ? archive() : undefined; // its partitions are the same ones
        if (other !== undefined) {
          for (const lane of other.lanes) all.push({ lane, group: other.groupId });
        }
        for (const { lane, group } of all.slice(0, 10_000)) {
          const found = value(lane);
          if (found < 0) continue;
          const labels: Record<string, string> = {
            topic: lane.topic,
            partition: String(lane.partition),
          };
          if (byGroup) labels.consumergroup = group;
          this.set(labels, found);
        }
      },
    });
  perLane(
    "kafka_consumergroup_lag",
    "Records behind the committed offset.",
    GROUP_LABELS,
    (lane) =>
      lane.highWatermark < 0 || lane.committed < 0
        ? -1
        : Math.max(0, lane.highWatermark - lane.committed),
  );
  perLane(
    "kafka_consumergroup_current_offset",
    "Committed offset.",
    GROUP_LABELS,
    (lane) => lane.committed,
  );
  perLane(
    "kafka_topic_partition_current_offset",
    "Offset behind the newest record.",
    PARTITION_LABELS,
    (lane) => lane.highWatermark,
  );
  perLane(
    "kafka_topic_partition_oldest_offset",
    "First offset that Kafka still has.",
    PARTITION_LABELS,
    (lane) => lane.logStart,
  );
}
