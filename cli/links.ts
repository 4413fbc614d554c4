/**
 * `weir links`: one page that names every user interface of a site and says whether it answers. No script, no secret;
 * it asks each address when somebody looks, every three seconds at most.
 */
import { Command } from "commander";
import { EXIT, messageOf, WeirError } from "../core/errors.ts";
import { listen } from "../core/http/status_server.ts";
import { waitForEnd } from "../core/lifecycle.ts";
import { fail } from "../core/program.ts";

export interface Link {
  name: string;
  /** What a browser opens. */
  url: string;
  /** What this program asks; a name that only containers know may differ from what a browser opens. */
  probe: string;
}

export interface LinkState {
  link: Link;
  ok: boolean;
  /** What the address said, or why nothing. */
  said: string;
}

const PROBE_MS = 2500;
const FRESH_MS = 3000;
const LINKS_MAX = 100;

export function linksCommand(): Command {
  return new Command("links")
    .description("show a page with all user interfaces of a site and their state")
    .argument("<link...>", "NAME=URL, or NAME=URL,PROBE where another address is to be asked")
    .option(
      "--listen <host:port>",
      "address of the page; port 0 takes a free one",
      "127.0.0.1:7701",
    )
    .option("--names <list>", "further names under which the page is asked, with commas", "")
    .action(async (texts: string[], options: { listen: string; names: string }) => {
      try {
        await serve(texts.map(parseLink), options.listen, options.names.split(",").filter(Boolean));
        Deno.exit(EXIT.ok);
      } catch (error) {
        Deno.exit(fail("weir", error));
      }
    });
}

/** Throws USAGE_LINK where the text is no NAME=URL. */
export function parseLink(text: string): Link {
  const match = /^([^=]+)=(https?:\/\/[^,]+)(?:,(https?:\/\/.+))?$/.exec(text);
  if (match !== null && URL.canParse(match[2])) {
    return { name: match[1], url: match[2], probe: match[3] ?? match[2] };
  }
  throw new WeirError("USAGE_LINK", `Cannot read "${text}" as NAME=URL`, {
    hint: "Example: Grafana=http://127.0.0.1:3000,http://grafana:3000/api/health",
  });
}

async function serve(links: Link[], address: string, names: string[]): Promise<void> {
  if (links.length > LINKS_MAX) {
    throw new WeirError("USAGE_LINK", `${links.length} links are more than ${LINKS_MAX}`);
  }
  let asked: Promise<LinkState[]> | undefined, askedMs = 0;
  const states = () => {
    if (asked === undefined || performance.now() - askedMs > FRESH_MS) {
      askedMs = performance.now();
      asked = Promise.all(links.map(stateOf));
    }
    return asked;
  };
  const server = listen(address, async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/healthz") return new Response("ok\n");
    if (pathname === "/api/links") return Response.json(await states());
    if (pathname !== "/") return new Response("Not found\n", { status: 404 });
    return new Response(linksPage(await states()), {
      headers: {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
        "cache-control": "no-store",
      },
    });
  }, names);
  console.log(server.url);
  await waitForEnd();
  await server.close();
}

async function stateOf(link: Link): Promise<LinkState> {
  try {
    const answer = await fetch(link.probe, { signal: AbortSignal.timeout(PROBE_MS) });
    await answer.body?.cancel();
    return { link, ok: answer.ok, said: answer.ok ? "answers" : `answers ${answer.status}` };
  } catch (error) {
    return { link, ok: false, said: `does not answer: ${messageOf(error)}` };
  }
}

/** The page; names and addresses are only ever text in it. */
export function linksPage(states: readonly LinkState[]): string {
  const rows = states.map(({ link, ok, said }) =>
    `<tr class="${ok ? "ok" : "down"}"><td>${ok ? "●" : "○"}</td>` +
    `<td><a href="${escapeHtml(link.url)}">${escapeHtml(link.name)}</a></td>` +
    `<td>${escapeHtml(said)}</td></tr>`
  );
  const up = states.filter(({ ok }) => ok).length;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta http-equiv="refresh" content="5"><meta name="viewport" content="width=device-width">
<title>${up}/${states.length} Weir</title><style>
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:48rem;margin:3rem auto;padding:0 1rem}
td{padding:.3rem .8rem .3rem 0;overflow-wrap:anywhere}.ok td:first-child{color:#1a7f37}
.down td:first-child,.down td:last-child{color:#c4320a}</style></head>
<body><main><h1>Weir</h1><p>${up} of ${states.length} answer.</p>
<table>${rows.join("\n")}</table></main></body></html>
`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
