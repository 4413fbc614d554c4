/**
 * `weir search`: what the page finds, on the terminal or as JSON for the next program. The newest lines that fit, the
 * oldest of them first, so that the last one stands above the prompt.
 */
import { Command } from "commander";
import { WeirError } from "../core/errors.ts";
import {
  ApiClient,
  type Query,
  runAndExit,
  type ServerOptions,
  withServerOptions,
} from "./api_client.ts";
import { ArchiveReport } from "./archive/search_report.ts";
import { jsonText, LineText, type ShownDocument } from "./line_text.ts";
import { Output, wantsColour } from "./output.ts";

interface SearchOptions extends ServerOptions {
  since?: string;
  until?: string;
  limit: string;
  order: string;
  json?: boolean;
  count?: boolean;
  archive?: boolean;
  days?: string;
  late?: string;
}

/** Characters of lines that are held to turn their order round. */
const HELD_CHARS_MAX = 200_000_000;

export function searchCommand(): Command {
  const command = new Command("search")
    .description("print the lines that fit a query, from a running `weir up` or `weir page`")
    .argument("[query...]", "in the language of the page; without one, every line");
  return withServerOptions(command)
    .option("--since <time>", "first time: -2h, 10:00, yesterday 10:00, 2026-11-21T10:00:00Z")
    .option("--until <time>", "end of the time, itself left out")
    .option("--limit <n>", "most lines, 1 to 100000", "500")
    .option(
      "--order <order>",
      "time: the newest lines, in the order of their time; newest or oldest: from there, as found",
      "time",
    )
    .option("--json", "one document a line")
    .option("--archive", "search archived days, too, as far as the server's bounds allow")
    .option(
      "--days <days>",
      "with --archive: days of objects, 2026-11-21 or 2026-11-01..2026-11-21",
    )
    .option(
      "--late <n>",
      "with --archive: lines that were read up to so many days after their time",
    )
    .option("--count", "print how many lines fit, and nothing else")
    .action((words: string[], options: SearchOptions) =>
      runAndExit(() => search(words.join(" "), options))
    );
}

async function search(text: string, options: SearchOptions): Promise<void> {
  const client = new ApiClient(options, Deno.env.get("WEIR_TOKEN"));
  const { signal } = new AbortController();
  const query: Query = {
    q: text,
    since: options.since,
    until: options.until,
    tz: Intl.DateTimeFormat().resolvedOptions().timeZone,
  };
  const output = new Output();
  if (options.count) {
    await output.add(`${await client.count(query, signal)}\n`);
    return await output.flush();
  }
  const order = options.order === "time" ? "newest" : options.order;
  const asked = { ...query, limit: options.limit, order };
  const archive = new ArchiveReport();
  const found = options.archive
    ? client.documents(
      { ...asked, days: options.days, late: options.late },
      signal,
      "archive/search",
      (line) => archive.told(line),
    )
    : client.documents(asked, signal);
  const shown = options.order === "time" ? turned(found) : found;
  const lines = new LineText({ colour: wantsColour() });
  let count = 0;
  try {
    for await (const document of shown) {
      await output.add(options.json ? jsonText(document) : lines.render(document));
      if (output.gone) return;
      count++;
    }
  } finally {
    // What came before an error is shown, too.
    await output.flush();
  }
  archive.end();
  if (count === Number(options.limit) && Deno.stderr.isTerminal()) {
    console.error(`${count} lines, and there may be more: --limit, --since`);
  }
}

/** The documents the other way round. Throws RESULT_TOO_LARGE. */
async function* turned(documents: AsyncIterable<ShownDocument>): AsyncGenerator<ShownDocument> {
  const held: ShownDocument[] = [];
  let chars = 0;
  for await (const document of documents) {
    held.push(document);
    chars += document.message?.length ?? 0;
    if (chars > HELD_CHARS_MAX) {
      throw new WeirError("RESULT_TOO_LARGE", `More than ${HELD_CHARS_MAX} characters were found`, {
        hint: "Give --order oldest or newest, which holds nothing back, or a smaller --limit.",
      });
    }
  }
  yield* held.reverse();
}
