/**
 * How the benchmark of the transfer starts each program: settings with which it does its best on one
 * host, without packing. A peer that is not there gives undefined.
 */
import { findCommand, type Program, startProgram } from "../support/process.ts";
import type { TempDir } from "../support/temp.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

export interface TransferWork {
  folder: TempDir;
  broker: string;
  topic: string;
  /** Where documents go: Elasticsearch, or the sink. */
  url: string;
  /** Begins the name of every index that is written. */
  index: string;
}

type Start = (work: TransferWork) => Promise<Program | undefined>;

/** Peers stand on the PATH or in the cache folder where they were built. */
function peer(name: string): string | undefined {
  const built = `${Deno.env.get("HOME")}/.cache/peers/bin/${name}`;
  try {
    Deno.statSync(built);
    return built;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return findCommand(name);
    throw error;
  }
}

const weir = (changes: Record<string, unknown>): Start => async (work) => {
  const { folder, broker, topic, url, index } = work;
  await Deno.writeTextFile(
    folder.join("transfer.yaml"),
    JSON.stringify({
      kafka: { brokers: [broker] },
      consumer: { groupId: index, topics: [topic] },
      elasticsearch: { nodes: [url] },
      index: { name: `${index}-{topic}-{day}`, replicas: 0, ...changes },
      dead: { topic: `${index}-dead` },
      listen: "127.0.0.1:0",
    }),
  );
  return startProgram(`${ROOT}dist/weir-transfer`, ["--config", folder.join("transfer.yaml")]);
};

const rsyslog: Start = async ({ folder, broker, topic, url, index }) => {
  const command = findCommand("rsyslogd"), { hostname, port } = new URL(url);
  if (command === undefined) return undefined;
  await Deno.writeTextFile(
    folder.join("rsyslog.conf"),
    `global(workDirectory="${folder.path}" maxMessageSize="1m")
module(load="imkafka")
module(load="omelasticsearch")
template(name="doc" type="list") {
  constant(value="{\\"@timestamp\\":\\"") property(name="timegenerated" dateFormat="rfc3339")
  constant(value="\\",\\"message\\":\\"") property(name="rawmsg" format="json")
  constant(value="\\"}")
}
input(type="imkafka" broker=["${broker}"] topic="${topic}" consumergroup="${index}" ruleset="out"
  confParam=["auto.offset.reset=earliest"])
ruleset(name="out" queue.type="FixedArray" queue.size="100000" queue.dequeueBatchSize="2000") {
  action(type="omelasticsearch" server="${hostname}" serverport="${port}" template="doc"
    searchIndex="${index}" searchType="" bulkmode="on" maxbytes="10m"
    action.resumeRetryCount="-1" errorfile="${folder.path}/errors")
}
`,
  );
  return startProgram(command, ["-n", "-f", folder.join("rsyslog.conf"), "-i", folder.join("pid")]);
};

const fluentBit: Start = async ({ folder, broker, topic, url, index }) => {
  const command = peer("fluent-bit"), { hostname, port } = new URL(url);
  if (command === undefined) return undefined;
  await Deno.writeTextFile(
    folder.join("fluent-bit.yaml"),
    `service: { flush: 0.2, daemon: off, log_level: warn }
pipeline:
  inputs:
    - name: kafka
      tag: t
      brokers: "${broker}"
      topics: "${topic}"
      group_id: "${index}"
      poll_ms: 500
      enable_auto_commit: off
      mem_buf_limit: 64m
      rdkafka.auto.offset.reset: earliest
  outputs:
    - name: es
      match: t
      host: "${hostname}"
      port: ${port}
      index: "${index}"
      suppress_type_name: on
      buffer_size: 5m
      workers: 1
      retry_limit: no_limits
`,
  );
  return startProgram(command, ["-q", "-c", folder.join("fluent-bit.yaml")]);
};

/** By name; "weir-plain" writes no fields of JSON and logfmt lines, as no peer does. */
export const TRANSFER_PROGRAMS: Record<string, Start> = {
  weir: weir({}),
  "weir-plain": weir({ fields: "none" }),
  rsyslog,
  "fluent-bit": fluentBit,
};
