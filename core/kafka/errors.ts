/**
 * Kafka's conditions as WeirErrors, each with its own code and hint, classified by the protocol's error type and
 * kafkajs's error class, never by text.
 */
import { messageOf, WeirError } from "../errors.ts";

/** Code of a connection's error where a certificate was not taken. */
export const TLS_REFUSED = "TLS_REFUSED";

interface Known {
  code: string;
  hint: string;
  /** Where absent, kafkajs's own flag decides. */
  retriable?: boolean;
}

const REFUSED_CERTIFICATE: Known = {
  code: "KAFKA_TLS",
  hint:
    "Look at the dates of the broker's certificate, its names, and whether kafka.tls.caFile signed it.",
  retriable: true,
};
const OTHER_LEADER: Known = {
  code: "KAFKA_NOT_LEADER",
  hint: "Passes when a new leader is chosen; if not, look at the brokers.",
  retriable: true,
};
const STARTING: Known = {
  code: "KAFKA_STARTING",
  hint: "Passes by itself: the broker has just started and loads what it needs.",
  retriable: true,
};
const SEQUENCE: Known = {
  code: "KAFKA_SEQUENCE",
  hint: "The broker lost its memory of this producer; its numbers begin anew.",
  retriable: true,
};

const BY_TYPE: Record<string, Known> = {
  MESSAGE_TOO_LARGE: {
    code: "KAFKA_MESSAGE_TOO_LARGE",
    hint:
      "Lower kafka.batchBytes, or raise message.max.bytes of the broker or max.message.bytes of the topic.",
    retriable: false,
  },
  RECORD_LIST_TOO_LARGE: {
    code: "KAFKA_MESSAGE_TOO_LARGE",
    hint: "Lower kafka.batchBytes below the topic's segment.bytes.",
    retriable: false,
  },
  NOT_LEADER_FOR_PARTITION: OTHER_LEADER,
  LEADER_NOT_AVAILABLE: OTHER_LEADER,
  REPLICA_NOT_AVAILABLE: OTHER_LEADER,
  FENCED_LEADER_EPOCH: OTHER_LEADER,
  UNKNOWN_LEADER_EPOCH: OTHER_LEADER,
  GROUP_LOAD_IN_PROGRESS: STARTING,
  GROUP_COORDINATOR_NOT_AVAILABLE: STARTING,
  OUT_OF_ORDER_SEQUENCE_NUMBER: SEQUENCE,
  UNKNOWN_PRODUCER_ID: SEQUENCE,
  INVALID_PRODUCER_EPOCH: SEQUENCE,
  INVALID_PRODUCER_ID_MAPPING: SEQUENCE,
  TOPIC_AUTHORIZATION_FAILED: {
    code: "KAFKA_NOT_AUTHORISED",
    hint: "Allow this user Describe on the topic, and Write (an agent) or Read (a transfer).",
    retriable: true,
  },
  GROUP_AUTHORIZATION_FAILED: {
    code: "KAFKA_NOT_AUTHORISED",
    hint: "Allow this user Read on the consumer group.",
    retriable: true,
  },
  CLUSTER_AUTHORIZATION_FAILED: {
    code: "KAFKA_NOT_AUTHORISED",
    hint: "Allow this user what the message names.",
    retriable: true,
  },
  UNKNOWN_TOPIC_OR_PARTITION: {
    code: "KAFKA_TOPIC_MISSING",
    hint: "Create the topic, or allow this user to.",
    retriable: true,
  },
  NOT_ENOUGH_REPLICAS: {
    code: "KAFKA_NOT_ENOUGH_REPLICAS",
    hint: "Bring the brokers back that hold the partition's replicas.",
    retriable: true,
  },
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: {
    code: "KAFKA_NOT_ENOUGH_REPLICAS",
    hint: "Bring the brokers back that hold the partition's replicas.",
    retriable: true,
  },
  INVALID_TIMESTAMP: {
    code: "KAFKA_CLOCK",
    hint: "Set this host's clock: the broker refuses its times.",
    retriable: true,
  },
  REQUEST_TIMED_OUT: {
    code: "KAFKA_TIMEOUT",
    hint: "The broker did not answer in time; look at its load, its replicas and the network.",
    retriable: true,
  },
  KAFKA_STORAGE_ERROR: {
    code: "KAFKA_STORAGE",
    hint: "The broker cannot write its log: look at its disk.",
    retriable: true,
  },
  INVALID_REPLICATION_FACTOR: {
    code: "KAFKA_TOPIC_MISSING",
    hint: "Create the topic: too few brokers are up for its replicas.",
    retriable: true,
  },
  POLICY_VIOLATION: {
    code: "KAFKA_TOPIC_MISSING",
    hint: "Create the topic as the cluster's policy wants it.",
    retriable: true,
  },
  SASL_AUTHENTICATION_FAILED: {
    code: "KAFKA_LOGIN_REFUSED",
    hint: "Check user, password file and mechanism.",
    retriable: true,
  },
  UNSUPPORTED_COMPRESSION_TYPE: {
    code: "KAFKA_CODEC_REFUSED",
    hint: "Choose another kafka.compression.",
    retriable: false,
  },
  INVALID_TOPIC_EXCEPTION: {
    code: "KAFKA_TOPIC_NAME",
    hint: "Choose a topic name that Kafka takes.",
    retriable: false,
  },
};

const BY_NAME: Record<string, Known> = {
  KafkaJSConnectionError: {
    code: "KAFKA_UNREACHABLE",
    hint: "Check that the brokers run and kafka.brokers is right.",
    retriable: true,
  },
  KafkaJSConnectionClosedError: {
    code: "KAFKA_UNREACHABLE",
    hint: "The broker closed the connection; it may be restarting.",
    retriable: true,
  },
  KafkaJSRequestTimeoutError: {
    code: "KAFKA_TIMEOUT",
    hint: "The broker did not answer in time; look at its load, its replicas and the network.",
    retriable: true,
  },
  KafkaJSBrokerNotFound: {
    code: "KAFKA_UNREACHABLE",
    hint: "No known broker answers.",
    retriable: true,
  },
  KafkaJSNumberOfRetriesExceeded: {
    code: "KAFKA_UNREACHABLE",
    hint: "Check that the brokers run and kafka.brokers is right.",
    retriable: true,
  },
  KafkaJSSASLAuthenticationError: {
    code: "KAFKA_LOGIN_REFUSED",
    hint: "Check user, password file and mechanism.",
    retriable: true,
  },
  KafkaJSLockTimeout: {
    code: "KAFKA_TIMEOUT",
    hint: "The broker did not answer in time.",
    retriable: true,
  },
};

/** Anything that kafkajs threw, as a WeirError. `transport`: what is unknown counts as a passing fault of the link. */
export function kafkaError(error: unknown, action: string, transport = false): WeirError {
  if (error instanceof WeirError) return error;
  const given = error as { name?: string; cause?: unknown };
  const isWrapped = given.name === "KafkaJSNumberOfRetriesExceeded" &&
    given.cause instanceof Error;
  const cause = (isWrapped ? given.cause : error) as {
    type?: string;
    name?: string;
    retriable?: boolean;
    cause?: unknown;
  };
  const isTls = (cause as { code?: unknown }).code === TLS_REFUSED;
  const known = isTls
    ? REFUSED_CERTIFICATE
    : BY_TYPE[cause.type ?? ""] ?? BY_NAME[cause.name ?? ""];
  return new WeirError(known?.code ?? "KAFKA_FAILED", `${action}: ${messageOf(error)}`, {
    hint: known?.hint ?? "See the message; the broker's log tells more.",
    retriable: known?.retriable ?? (cause.retriable !== false || transport),
    cause: error,
  });
}

/** The answer of a broker for one partition. */
export function kafkaErrorOfCode(
  error: { type: string; message: string; retriable: boolean },
  where: string,
): WeirError {
  return kafkaError(error, `Broker refused a batch for ${where}`);
}
