/**
 * The Elasticsearch client of a program: nodes, TLS, login. It tries nothing again by itself: what
 * is sent again and when is decided where it is known what is in it. Headers are plain JSON types,
 * which Elasticsearch 8 and 9 both take.
 */
import { type BaseConnection, Client, type Serializer } from "@elastic/elasticsearch";
import { WeirError } from "../errors.ts";
import { readSecret, readSecretFile } from "../secrets.ts";
import { NodeConnection } from "./node_connection.ts";

export interface ElasticOptions {
  nodes: readonly string[];
  /** A node's own certificate authority, PEM; empty: the system's. */
  caFile: string;
  apiKeyFile: string;
  username: string;
  passwordFile: string;
  /** The same as text, from the environment; goes before the files. */
  apiKey?: string;
  password?: string;
  /** ms */
  requestTimeout: number;
  compression: boolean;
  sniff: boolean;
}

/** Headers of requests with a JSON body, and with lines of JSON. */
export const JSON_HEADERS = { "content-type": "application/json", accept: "application/json" };
export const LINES_HEADERS = { "content-type": "application/x-ndjson", accept: "application/json" };

/**
 * Makes the client; nothing is sent yet. Throws CONFIG_INVALID or SECRET_UNREADABLE.
 * @param serializer reads the answers. @default the client's own
 * @param connection carries the requests. @default NodeConnection
 */
export function createElastic(
  options: ElasticOptions,
  serializer?: typeof Serializer,
  connection: typeof BaseConnection = NodeConnection,
): Client {
  for (const node of options.nodes) {
    if (!/^https?:$/.test(URL.canParse(node) ? new URL(node).protocol : "")) {
      throw new WeirError("CONFIG_INVALID", `Cannot use the Elasticsearch node "${node}"`, {
        hint: "Write a URL, such as https://es1:9200",
      });
    }
  }
  return new Client({
    nodes: [...options.nodes],
    maxRetries: 0,
    ...(serializer === undefined ? {} : { Serializer: serializer }),
    Connection: connection,
    requestTimeout: options.requestTimeout,
    compression: options.compression,
    sniffOnStart: false,
    sniffOnConnectionFault: options.sniff,
    sniffInterval: options.sniff ? 300_000 : false,
    enableMetaHeader: false,
    // An error keeps neither headers nor login. The client's own way of hiding them walks through each byte of the
    // body: 100 times its memory, and seconds, for each bulk request that fails.
    redaction: { type: "remove" },
    ...(options.caFile === "" ? {} : { tls: { ca: readSecretFile(options.caFile) } }),
    ...authOf(options),
  });
}

function authOf(options: ElasticOptions) {
  const { apiKey, password } = options;
  if (apiKey !== undefined) return { auth: { apiKey } };
  if (password !== undefined) return { auth: { username: options.username, password } };
  if (options.apiKeyFile !== "") return { auth: { apiKey: readSecret(options.apiKeyFile) } };
  if (options.username === "") return {};
  return { auth: { username: options.username, password: readSecret(options.passwordFile) } };
}
