/** Options of an Elasticsearch client for a test: one node, no login, nothing packed. */
import type { ElasticOptions } from "../../core/elastic/client.ts";

/** @param requestTimeout ms */
export function elasticOptions(node: string, requestTimeout: number): ElasticOptions {
  return {
    nodes: [node],
    caFile: "",
    apiKeyFile: "",
    username: "",
    passwordFile: "",
    requestTimeout,
    compression: false,
    sniff: false,
  };
}
