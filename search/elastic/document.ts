/** A document as Elasticsearch has it, with the names and types of the port. */
import type { Document } from "../../core/ports/document_store.ts";
import { foundText } from "./found_text.ts";
import type { Hit } from "./requests.ts";

const OPTIONAL_TEXTS = ["log.level", "event.parent"] as const;
const KAFKA = ["kafka.partition", "kafka.offset"] as const;

/**
 * The document of a hit. Names may stand flat ("host.name") or in objects; what is missing or of
 * another type is filled in, so that documents of other producers can be shown.
 * @param timeMs its @timestamp as Elasticsearch read it
 */
export function documentOf(hit: Hit, timeMs: number): Document {
  const source = hit._source ?? {};
  const read = (name: string) => valueOf(source, name);
  const text = (name: string) => textOf(read(name)) ?? "";
  const topic = text("topic");
  const time = new Date(timeMs).toISOString();
  const document: Document = {
    _id: hit._id,
    "@timestamp": time,
    message: textOf(read("message") ?? read("data")) ?? "",
    topic,
    "host.name": text("host.name"),
    "log.file.path": text("log.file.path"),
    "log.file.generation": textOf(read("log.file.generation")) ??
      foreignGeneration(topic, read("kafka.partition")),
    "log.offset": numberOf(read("log.offset")) ?? 0,
    "log.length": numberOf(read("log.length")) ?? 0,
    "event.created": isoOf(read("event.created")) ?? time,
    "event.dataset": textOf(read("event.dataset")) ?? topic,
  };
  const ingested = isoOf(read("event.ingested"));
  if (ingested !== undefined) document["event.ingested"] = ingested;
  for (const name of OPTIONAL_TEXTS) {
    const value = textOf(read(name));
    if (value !== undefined) document[name] = value;
  }
  for (const name of KAFKA) {
    const value = numberOf(read(name));
    if (value !== undefined) document[name] = value;
  }
  const fields = foundText(source.fields);
  if (fields !== undefined) document.fields = fields;
  return document;
}

/** True for a record of another producer: Elasticsearch has no generation of it. */
export function isForeign(hit: Hit): boolean {
  return textOf(valueOf(hit._source ?? {}, "log.file.generation")) === undefined;
}

/** What stands for the generation of records that no agent wrote: their partition. */
function foreignGeneration(topic: string, partition: unknown): string {
  return `${topic}-${numberOf(partition) ?? 0}`;
}

/** The value of a name with dots, flat or in objects. */
function valueOf(source: Record<string, unknown>, name: string): unknown {
  if (Object.hasOwn(source, name)) return source[name];
  for (let dot = name.indexOf("."); dot > 0; dot = name.indexOf(".", dot + 1)) {
    const inner = source[name.slice(0, dot)];
    if (typeof inner === "object" && inner !== null && !Array.isArray(inner)) {
      const found = valueOf(inner as Record<string, unknown>, name.slice(dot + 1));
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
}

function numberOf(value: unknown): number | undefined {
  const number = typeof value === "string" && value !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : undefined;
}

function isoOf(value: unknown): string | undefined {
  if (typeof value !== "string" && typeof value !== "number") return undefined;
  const ms = new Date(value).getTime();
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}
