/** `weir explain ID`: a line's way from the file to the store, as the server tells it that has the line. */
import { Command } from "commander";
import type { Explanation } from "../../search/explain/explain.ts";
import { safeText } from "../../core/log.ts";
import { ApiClient, bodyOf, parsed, runAndExit } from "../api_client.ts";
import { type ServerOptions, withServerOptions } from "../api_client.ts";
import { textLines } from "../event_stream.ts";

interface ExplainOptions extends ServerOptions {
  topic?: string;
  json?: boolean;
}

export function explainCommand(): Command {
  const command = new Command("explain")
    .description("say where a line came from and which way it went: file, Kafka, index, times")
    .argument("<id>", "_id of the line, as `weir search --json` and the page show it")
    .option("--topic <name>", "its topic, where a file goes to several")
    .option("--json", "one JSON object");
  return withServerOptions(command).action((id: string, options: ExplainOptions) =>
    runAndExit(async () => {
      const client = new ApiClient(options, Deno.env.get("WEIR_TOKEN"));
      const query = { id, topic: options.topic };
      const response = await client.open("explain", query, AbortSignal.timeout(60_000));
      let text = "";
      for await (const line of textLines(bodyOf(response), 4_000_000)) text += line;
      const found = parsed(text) as unknown as Explanation;
      if (options.json) console.log(JSON.stringify(found));
      else for (const line of explanationText(found)) console.log(line);
    })
  );
}

/** What is known, one thing a line. */
export function explanationText(found: Explanation): string[] {
  const { file, kafka, store, hops, notes } = found;
  const rows: [string, string][] = [["line", found.message], ["topic", found.topic]];
  if (file !== null) {
    const { life } = file;
    rows.push(["host", file.host], ["file", file.path], ["generation", file.generation]);
    rows.push(["bytes", `${file.start} to ${file.end}`]);
    if (life !== null) {
      rows.push(["inode", `${life.inode} on device ${life.device}`]);
      const end = life.closed ? `, tailed no more, ${life.unread} bytes unread` : "";
      const says = `${life.from} to ${life.to} of ${life.size} bytes${end}`;
      rows.push([life.source, `acknowledged ${says}; asked for: ${life.guarantee}`]);
    }
  }
  if (kafka !== null) {
    const offset = kafka.offset === undefined ? "offset not found" : `offset ${kafka.offset}`;
    const by = kafka.by === "search" ? ", found by a search" : "";
    rows.push(["kafka", `partition ${kafka.partition}, ${offset}: ${STATES[kafka.state]}${by}`]);
  }
  rows.push(["store", store.index]);
  for (const [i, { name, at, says }] of hops.entries()) {
    const ms = i === 0 ? NaN : Date.parse(at) - Date.parse(hops[i - 1].at);
    rows.push([name, `${at}${Number.isNaN(ms) ? "" : `  ${signed(ms)}`}  ${says}`]);
  }
  for (const note of notes) rows.push(["note", note]);
  return rows.map(([name, value]) => `${name.padEnd(12)}  ${safeText(value, 2000)}`);
}

const STATES = {
  there: "the record is there",
  expired: "Kafka has dropped it by its retention",
  other: "something else is there: was the topic made anew?",
  unknown: "not looked at",
} as const;

function signed(ms: number): string {
  return `${ms < 0 ? "−" : "+"}${Math.abs(ms)} ms`;
}
