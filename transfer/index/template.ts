/**
 * The index template: mappings that no log text can make grow, and settings. It is installed before
 * the first document and needs neither ILM, painless, security nor any plugin. A template with a
 * higher version than ours is left alone.
 */
import type { Client } from "@elastic/elasticsearch";
import { messageOf, WeirError } from "../../core/errors.ts";
import { logOf } from "../../core/log.ts";
import { JSON_HEADERS } from "./client.ts";

/** Grows with each change below. */
export const TEMPLATE_VERSION = 3;

/** Mark of our templates and of the indices that are made by them. */
export const MANAGED_BY = "weir-transfer";

export interface TemplateOptions {
  /** The pattern that the names of our indices fit. */
  pattern: string;
  priority: number;
  shards: number;
  replicas: number;
  /** Empty: Elasticsearch's own. */
  refreshInterval: string;
  document: "full" | "minimal";
  dataStream?: boolean;
}

/**
 * Keywords beyond this many characters are stored, but not indexed: Lucene refuses terms over 32766
 * bytes.
 */
const KEYWORD_MAX = 8191;

const keyword = { type: "keyword", ignore_above: KEYWORD_MAX };
const date = { type: "date", format: "strict_date_optional_time||epoch_millis" };

/** Found and sorted by their columns alone: what is seldom asked for is not worth an index of its own. */
const column = { index: false };

const FULL = {
  "@timestamp": date,
  message: { type: "text", norms: false },
  data: { type: "alias", path: "message" },
  topic: keyword,
  host: { properties: { name: keyword } },
  log: {
    properties: {
      level: keyword,
      offset: { type: "long" },
      length: { type: "long", ...column },
      file: { properties: { path: keyword, generation: keyword } },
    },
  },
  event: {
    properties: {
      created: { ...date, ...column },
      ingested: { ...date, ...column },
      dataset: keyword,
      parent: keyword,
    },
  },
  data_stream: { properties: { type: keyword, dataset: keyword, namespace: keyword } },
  kafka: {
    properties: {
      partition: { type: "integer", ...column },
      offset: { type: "long", ...column },
    },
  },
  fields: { type: "flattened", depth_limit: 20, ignore_above: KEYWORD_MAX },
};

/**
 * The standard analyzer, but that runs without a gap (Base64, keys) are cut at 8,000 characters, not
 * at 255: a search finds what lies across a cut no more. Lucene refuses terms over 32766 bytes.
 */
const ANALYZER = { type: "standard", max_token_length: 8000 };

const MINIMAL = { topic: keyword, data: { type: "text", norms: false } };

/** The body of PUT _index_template. */
export function templateBody(options: TemplateOptions): Record<string, unknown> {
  return {
    index_patterns: [options.pattern],
    priority: options.priority,
    version: TEMPLATE_VERSION,
    _meta: { managed_by: MANAGED_BY },
    ...(options.dataStream ? { data_stream: {} } : {}),
    template: {
      settings: {
        index: {
          number_of_shards: options.shards,
          number_of_replicas: options.replicas,
          codec: "best_compression",
          analysis: { analyzer: { default: ANALYZER } },
          ...(options.refreshInterval === "" ? {} : { refresh_interval: options.refreshInterval }),
        },
      },
      // What is not named here stays in _source and is never mapped.
      // Retention deletes only what bears our mark.
      mappings: {
        _meta: { managed_by: MANAGED_BY },
        dynamic: false,
        properties: options.document === "full" ? FULL : MINIMAL,
      },
    },
  };
}

/** Name of the template of a pattern: "weir-*-*" gives "weir-weir-x-x". */
export function templateName(pattern: string): string {
  return `weir-${pattern.replace(/[^a-z0-9._-]/g, "x").slice(0, 200)}`;
}

/**
 * Installs the template where it is missing or older. Rejects with a retriable WeirError while that
 * is impossible.
 */
export async function installTemplate(client: Client, options: TemplateOptions): Promise<void> {
  const name = templateName(options.pattern);
  const path = `/_index_template/${encodeURIComponent(name)}`;
  const request = (method: string, body?: unknown) =>
    client.transport.request({ method, path, ...(body === undefined ? {} : { body }) } as never, {
      headers: JSON_HEADERS,
    });
  try {
    const found: any = await request("GET").catch((error) => {
      if (error?.meta?.statusCode === 404) return {};
      throw error;
    });
    const installed = found.index_templates?.[0]?.index_template?.version ?? -1;
    if (installed > TEMPLATE_VERSION) return;
    await request("PUT", templateBody(options));
    logOf("transfer.index").info("Index template installed", { name, version: TEMPLATE_VERSION });
  } catch (error) {
    const status = (error as { meta?: { statusCode?: number } }).meta?.statusCode;
    const isAuth = status === 401 || status === 403;
    const code = status === 400 ? "ES_TEMPLATE_REFUSED" : "ES_TEMPLATE_FAILED";
    throw new WeirError(
      isAuth ? "ES_NOT_ALLOWED" : code,
      `Cannot install the index template "${name}": ${messageOf(error)}`,
      {
        retriable: true,
        hint: status === 401
          ? "Check the API key or user."
          : "Allow this user to manage index templates, or install it by hand and set index.template: false.",
        cause: error,
      },
    );
  }
}
