/**
 * The Elasticsearch client of a program: nodes, TLS, login. It tries nothing again by itself: what
 * is sent again and when is decided where it is known what is in it. Headers are plain JSON types,
 * which Elasticsearch 8 and 9 both take.
 */
import { Client, Serializer } from "@elastic/elasticsearch";
import { WeirError } from "../../core/errors.ts";
import { readSecret, readSecretFile } from "../../core/secrets.ts";
import { allCreated } from "./bulk_answer.ts";

export interface ElasticOptions {
  nodes: readonly string[];
  apiKeyFile: string;
  username: string;
  passwordFile: string;
  caFile: string;
  requestTimeout: number;
  compression: boolean;
  sniff: boolean;
}

/** Reads answers to bulk requests without an object a document where it can. */
class BulkSerializer extends Serializer {
  override deserialize<T>(json: string): T {
    return (allCreated(json) as T | undefined) ?? super.deserialize(json);
  }
}

/** Headers of requests with a JSON body, and with lines of JSON. */
export const JSON_HEADERS = { "content-type": "application/json", accept: "application/json" };
export const LINES_HEADERS = { "content-type": "application/x-ndjson", accept: "application/json" };

/** Makes the client; nothing is sent yet. Throws CONFIG_INVALID or SECRET_UNREADABLE. */
export function createElastic(options: ElasticOptions): Client {
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
    Serializer: BulkSerializer,
    requestTimeout: options.requestTimeout,
    compression: options.compression,
    sniffOnStart: false,
    sniffOnConnectionFault: options.sniff,
    sniffInterval: options.sniff ? 300_000 : false,
    enableMetaHeader: false,
    ...(options.caFile === "" ? {} : { tls: { ca: readSecretFile(options.caFile) } }),
    ...authOf(options),
  });
}

function authOf(options: ElasticOptions) {
  if (options.apiKeyFile !== "") return { auth: { apiKey: readSecret(options.apiKeyFile) } };
  if (options.username === "") return {};
  return { auth: { username: options.username, password: readSecret(options.passwordFile) } };
}
