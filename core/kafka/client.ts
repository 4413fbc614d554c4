/**
 * The kafkajs client of a program: connection, TLS, SASL, metadata, groups and administration. Its log goes into
 * ours; noise that is normal while a coordinator loads is lowered to debug.
 */
import net from "node:net";
import tls from "node:tls";
import { Kafka, logLevel } from "kafkajs";
import type { ISocketFactory, KafkaConfig, LogEntry } from "kafkajs";
// @ts-ignore: kafkajs has no types for its inner files
import Connection from "kafkajs/src/network/connection.js";
import { WeirError } from "../errors.ts";
import { logOf } from "../log.ts";
import { TLS_REFUSED } from "./errors.ts";
import "./request_queue.ts";
import { readSecret, readSecretFile } from "../secrets.ts";
import type { KafkaSettings } from "./settings.ts";

/** What of kafkajs's Connection is used. */
interface Connected {
  socket?: net.Socket;
  rejectRequests(error: unknown): void;
  disconnect(): Promise<unknown>;
}

/** When each connection last got anything, performance.now(). */
const heardAt = new WeakMap<Connected, number>();
const prototype: any = Connection.prototype; // what is private there is reached here
const processData = prototype.processData;
prototype.processData = function (this: Connected, data: Uint8Array) {
  heardAt.set(this, performance.now());
  return processData.call(this, data);
};

/**
 * kafkajs keeps a connection on which a request was not answered in time. Where the far side is gone without a word
 * each later request on it, too, waits for its time-out; so such a connection is dropped, and the next request makes
 * one.
 */
const send = prototype.send;
prototype.send = async function (this: Connected, request: unknown) {
  try {
    return await send.call(this, request);
  } catch (error) {
    if ((error as Error | undefined)?.name === "KafkaJSRequestTimeoutError") {
      dropConnection(this, error);
    }
    throw error;
  }
};

/** Settings, and a way beside them that a program of ours may be told to take. */
export type KafkaConnection = KafkaSettings & {
  /**
   * Port of loopback where a relay leads each connection to the broker that its first line names, as HOST:PORT; not
   * with TLS. The self-test cuts connections there.
   */
  relay?: number;
};

/**
 * Ends a connection at once, and the requests on it with this error: it may be dead, and what is still to be written to
 * it lies in memory that will hold other things.
 */
export function dropConnection(connection: Connected, error: unknown): void {
  connection.rejectRequests(error);
  connection.socket?.destroy();
  connection.disconnect().catch(() => {}); // gone already
}

/**
 * Drops the connections of a kafkajs cluster on which nothing was heard since a moment; the next request to a broker
 * makes one. For a caller whom one of them did not answer: the others may be as dead, and each would be waited for.
 * @param cluster kafkajs's Cluster
 * @param sinceMs performance.now(); Infinity: all of them
 */
export function dropSilent(cluster: any, error: unknown, sinceMs: number): void {
  const { brokers, seedBroker } = cluster.brokerPool;
  for (const broker of [seedBroker, ...Object.values<any>(brokers)]) {
    for (const connection of broker?.connectionPool.pool ?? []) {
      if ((heardAt.get(connection) ?? 0) <= sinceMs) dropConnection(connection, error);
    }
  }
}

/**
 * Makes the client; nothing is connected yet. `retries`: attempts that it makes by itself, fewer where the caller tries
 * again. Throws CONFIG_INVALID or FILE_NOT_FOUND for settings that cannot work.
 */
export function createKafka(settings: KafkaConnection, part: string, retries = 8): Kafka {
  const { tls: encryption, sasl, relay } = settings;
  if (sasl.mechanism === "plain" && !encryption.enabled && !sasl.allowPlaintext) {
    throw new WeirError(
      "KAFKA_PLAINTEXT_PASSWORD",
      "Cannot log in with PLAIN without TLS: the password could be read on the way",
      {
        hint: "Set kafka.tls.enabled: true, or kafka.sasl.allowPlaintext: true if you must.",
      },
    );
  }
  const config: KafkaConfig = {
    clientId: settings.clientId,
    brokers: settings.brokers,
    connectionTimeout: settings.connectionTimeout,
    requestTimeout: settings.requestTimeout,
    enforceRequestTimeout: true,
    retry: { initialRetryTime: 200, maxRetryTime: 2000, retries },
    logLevel: logLevel.INFO,
    logCreator: () => writeLog(part),
    socketFactory: (options) => openSocket(options, relay),
  };
  if (encryption.enabled) {
    config.ssl = {
      ...(encryption.caFile === "" ? {} : { ca: [readSecretFile(encryption.caFile)] }),
      ...(encryption.certFile === ""
        ? {}
        : { cert: readSecretFile(encryption.certFile), key: readSecretFile(encryption.keyFile) }),
    };
  }
  if (sasl.mechanism !== "none") {
    const password = readSecret(sasl.passwordFile);
    config.sasl = { mechanism: sasl.mechanism as "plain", username: sasl.username, password };
  }
  return new Kafka(config);
}

const KEEP_ALIVE_MS = 60_000;
/** Codes of refused certificates where the runtime gives one; the errors of others are of this class. */
const TLS_CODE = /^(CERT_|ERR_TLS_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;
const TLS_CLASS = "InvalidData";

/** As kafkajs opens a socket; an error of TLS is marked as one, which kafkajs hands on as the code. */
function openSocket(
  { host, port, ssl, onConnect }: Parameters<ISocketFactory>[0],
  relay?: number,
): net.Socket {
  const name = net.isIP(host) === 0 ? { servername: host } : {};
  const isRelayed = relay !== undefined && !ssl;
  const to = isRelayed ? { host: "127.0.0.1", port: relay } : { host, port };
  const socket = ssl
    ? tls.connect({ host, port, ...name, ...ssl }, onConnect)
    : net.connect(to, onConnect);
  if (isRelayed) socket.write(`${host}:${port}\n`);
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  if (ssl) {
    socket.on("error", (error: Error & { code?: string }) => {
      if (error.name === TLS_CLASS || TLS_CODE.test(error.code ?? "")) error.code = TLS_REFUSED;
    });
  }
  return socket;
}

/** Lines that kafkajs calls errors and that mend themselves. */
const NORMAL =
  /coordinator|rebalanc|not aware of this member|There is no leader|The group is rebalancing|does not host this topic-partition/i;

function writeLog(part: string): (entry: LogEntry) => void {
  const log = logOf(`${part}.kafka`);
  return ({ level, log: { message, error, broker } }) => {
    const fields = {
      ...(error === undefined ? {} : { reason: String(error) }),
      ...(broker === undefined ? {} : { broker }),
    };
    if (level === logLevel.ERROR && !NORMAL.test(`${message} ${error ?? ""}`)) {
      log.warn(message, fields);
    } else if (level === logLevel.WARN) log.info(message, fields);
    else log.debug(message, fields);
  };
}
