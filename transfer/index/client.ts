/** The Elasticsearch client of the transfer: answers to bulk requests are read without an object a document. */
import { type Client, Serializer } from "@elastic/elasticsearch";
import { createElastic as createClient, type ElasticOptions } from "../../core/elastic/client.ts";
import { allCreated } from "./bulk_answer.ts";
import { BulkConnection } from "./bulk_connection.ts";

export { JSON_HEADERS, LINES_HEADERS } from "../../core/elastic/client.ts";
export type { ElasticOptions };

/** Reads answers to bulk requests without an object a document where it can. */
class BulkSerializer extends Serializer {
  override deserialize<T>(json: string): T {
    return (allCreated(json) as T | undefined) ?? super.deserialize(json);
  }
}

/** Makes the client; nothing is sent yet. Throws CONFIG_INVALID or SECRET_UNREADABLE. */
export function createElastic(options: ElasticOptions): Client {
  return createClient(options, BulkSerializer, BulkConnection);
}
