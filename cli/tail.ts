/** `weir tail`: the last lines that fit a query and then every new one, until Ctrl-C, which ends it with 0. */
import { Command } from "commander";
import { waitForEnd } from "../core/lifecycle.ts";
import { safeText } from "../core/log.ts";
import { systemClock } from "../core/ports/clock.ts";
import { ApiClient, runAndExit, type ServerOptions, withServerOptions } from "./api_client.ts";
import { Follow } from "./follow.ts";
import { jsonText, LineText } from "./line_text.ts";
import { Output, wantsColour } from "./output.ts";

interface TailOptions extends ServerOptions {
  last: string;
  since?: string;
  rate?: string;
  json?: boolean;
}

export function tailCommand(): Command {
  const command = new Command("tail")
    .description("follow the lines that fit a query, from a running `weir up` or `weir page`")
    .argument("[query...]", "in the language of the page; without one, every line");
  return withServerOptions(command)
    .option("--last <n>", "lines to begin with, 0 to 5000", "10")
    .option("--since <time>", "no lines before this time")
    .option("--rate <n>", "lines a second above which a fair choice is shown, up to 100000")
    .option("--json", "one document a line")
    .action((words: string[], options: TailOptions) =>
      runAndExit(() => tail(words.join(" "), options))
    );
}

async function tail(text: string, options: TailOptions): Promise<void> {
  const client = new ApiClient(options, Deno.env.get("WEIR_TOKEN"));
  const ending = new AbortController();
  waitForEnd().then(() => ending.abort());
  const output = new Output();
  const shown = new LineText({ colour: wantsColour() });
  const follow = new Follow({
    client,
    clock: systemClock,
    query: {
      q: text,
      last: options.last,
      since: options.since,
      rate: options.rate,
      tz: Intl.DateTimeFormat().resolvedOptions().timeZone,
    },
    lines: async (documents) => {
      for (const document of documents) {
        await output.add(options.json ? jsonText(document) : shown.render(document));
      }
      await output.flush();
      if (output.gone) ending.abort();
    },
    note: (line) => console.error(safeText(line, 500)),
  });
  await follow.run(ending.signal);
}
