/**
 * The programs that ship lines from files to Kafka, for the benchmark: ours as the executable, and the peers that are
 * on the PATH. Each gets settings that deliver at least once with acks=all and are good for its speed; what was set and
 * why stands beside it. A peer that is not there is left out, and the benchmark says so.
 */
import { stringify } from "yaml";
import { findCommand, type Program, startProgram } from "../support/process.ts";
import type { TempDir } from "../support/temp.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

export type Codec = "none" | "zstd";

export interface Work {
  /** For settings, state and output of this run. */
  folder: TempDir;
  /** Pattern of the files. */
  path: string;
  /** How many files there are. */
  files: number;
  broker: string;
  codec: Codec;
  topic: string;
}

/** Name of the peer that the aims are measured against. */
export const BEST_PEER = "fluent-bit";

type Start = (work: Work, command: string) => Promise<Program>;

interface Shipper {
  command: string;
  start: Start;
}

const SHIPPERS: Record<string, Shipper> = {
  weir: { command: `${ROOT}dist/weir-agent`, start: startWeir },
  "fluent-bit": { command: "fluent-bit", start: startFluentBit },
  rsyslog: { command: "rsyslogd", start: startRsyslog },
  vector: { command: "vector", start: startVector },
  telegraf: { command: "telegraf", start: startTelegraf },
};

/** Names of all programs, ours first. */
export const NAMES: readonly string[] = Object.keys(SHIPPERS);

/** Whether the program can be run here. */
export function isThere(name: string): boolean {
  const { command } = SHIPPERS[name];
  if (!command.startsWith("/")) return findCommand(command) !== undefined;
  try {
    return Deno.statSync(command).isFile;
  } catch {
    return false; // not built
  }
}

/** Starts a program that begins to ship at once. */
export function startShipper(name: string, work: Work): Promise<Program> {
  return SHIPPERS[name].start(work, SHIPPERS[name].command);
}

async function startWeir(work: Work, command: string): Promise<Program> {
  const { folder, path, broker, codec, topic } = work;
  await Deno.writeTextFile(folder.join("collect.json"), JSON.stringify([{ path, topic }]));
  const settings = {
    state: folder.join("state"),
    source: { file: folder.join("collect.json") },
    kafka: { brokers: [broker], compression: codec },
    tail: { roots: ["/"] },
    listen: "127.0.0.1:0",
  };
  await Deno.writeTextFile(folder.join("agent.yaml"), stringify(settings));
  return startProgram(command, ["--config", folder.join("agent.yaml")]);
}

/** Reads as much at once from one file as it takes; from many files less, for its buffers are a file's each. */
async function startFluentBit(work: Work, command: string): Promise<Program> {
  const { folder, path, files, broker, codec, topic } = work;
  const settings = {
    // With a flush each second its input would stand still until the next one.
    service: { flush: 0.2, daemon: "off", log_level: "warn" },
    pipeline: {
      inputs: [{
        name: "tail",
        path,
        tag: "lines",
        read_from_head: "on",
        db: folder.join("tail.db"),
        buffer_chunk_size: files === 1 ? "512k" : "64k",
        buffer_max_size: "1m",
        mem_buf_limit: "64m",
      }],
      outputs: [{
        name: "kafka",
        match: "lines",
        brokers: broker,
        topics: topic,
        format: "raw",
        raw_log_key: "log",
        "rdkafka.request.required.acks": -1,
        "rdkafka.compression.codec": codec,
        "rdkafka.queue.buffering.max.ms": 20,
        "rdkafka.queue.buffering.max.messages": 200_000,
      }],
    },
  };
  await Deno.writeTextFile(folder.join("fluent-bit.yaml"), stringify(settings));
  return startProgram(command, ["-q", "-c", folder.join("fluent-bit.yaml")]);
}

async function startRsyslog(work: Work, command: string): Promise<Program> {
  const { folder, path, broker, codec, topic } = work;
  const confParam = [
    "acks=-1",
    `compression.codec=${codec}`,
    "queue.buffering.max.ms=20",
    "queue.buffering.max.messages=200000",
  ];
  const settings = [
    `global(workDirectory="${folder.path}" maxMessageSize="1m")`,
    'module(load="imfile" mode="inotify")',
    'module(load="omkafka")',
    'template(name="line" type="string" string="%msg%")',
    `input(type="imfile" file="${path}" tag="lines" ruleset="out" persistStateInterval="10000")`,
    'ruleset(name="out" queue.type="FixedArray" queue.size="100000" queue.dequeueBatchSize="4096") {',
    `action(type="omkafka" broker=["${broker}"] topic="${topic}" template="line" partitions.auto="on"`,
    `resubmitOnFailure="on" keepFailedMessages="on" failedMsgFile="${folder.join("failed")}"`,
    `action.resumeRetryCount="-1" confParam=${JSON.stringify(confParam)})`,
    "}",
    "",
  ];
  await Deno.writeTextFile(folder.join("rsyslog.conf"), settings.join("\n"));
  return startProgram(command, ["-n", "-f", folder.join("rsyslog.conf"), "-i", folder.join("pid")]);
}

async function startVector(work: Work, command: string): Promise<Program> {
  const { folder, path, broker, codec, topic } = work;
  const settings = {
    data_dir: folder.path,
    sources: {
      in: { type: "file", include: [path], read_from: "beginning", max_line_bytes: 1_048_576 },
    },
    sinks: {
      out: {
        type: "kafka",
        inputs: ["in"],
        bootstrap_servers: broker,
        topic,
        compression: codec,
        encoding: { codec: "text" },
        acknowledgements: { enabled: true }, // else it notes its place before the broker has the line
        librdkafka_options: { "request.required.acks": "-1", "queue.buffering.max.ms": "20" },
      },
    },
  };
  await Deno.writeTextFile(folder.join("vector.yaml"), stringify(settings));
  return startProgram(command, ["--quiet", "--config", folder.join("vector.yaml")]);
}

/** Its own defaults, 1,000 lines on the way and batches of 1,000, make it a third as fast. */
async function startTelegraf(work: Work, command: string): Promise<Program> {
  const { folder, path, broker, codec, topic } = work;
  const settings = `
[agent]
  interval = "1s"
  flush_interval = "200ms"
  metric_batch_size = 10000
  metric_buffer_limit = 200000
  omit_hostname = true
  statefile = "${folder.join("state")}"
[[inputs.tail]]
  files = ["${path}"]
  initial_read_offset = "saved-or-beginning"
  max_undelivered_lines = 50000
  path_tag = ""
  data_format = "value"
  data_type = "string"
[[outputs.kafka]]
  brokers = ["${broker}"]
  topic = "${topic}"
  required_acks = -1
  compression_codec = ${codec === "none" ? 0 : 4}
  data_format = "template"
  template = '{{ .Field "value" }}'
`;
  await Deno.writeTextFile(folder.join("telegraf.conf"), settings);
  return startProgram(command, ["--quiet", "--config", folder.join("telegraf.conf")]);
}
