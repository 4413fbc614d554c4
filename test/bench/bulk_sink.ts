/**
 * A bulk endpoint that only answers, as a program of its own: every document is created. It counts
 * documents (GET /count) and prints the port that it listens on. For `npm run bench:transfer`.
 */
import { gunzipSync } from "node:zlib";

const PRODUCT = { "x-elastic-product": "Elasticsearch", "content-type": "application/json" };
let documents = 0, bytes = 0;
const answers = new Map<number, string>();

/** Lines of a body, halved: action and document. */
function count(body: Uint8Array): number {
  let lines = 0;
  for (let at = body.indexOf(10); at >= 0; at = body.indexOf(10, at + 1)) lines++;
  return lines / 2;
}

function answerOf(items: number): string {
  let text = answers.get(items);
  if (text === undefined) {
    text = `{"items":[${new Array(items).fill('{"create":{"status":201}}').join(",")}]}`;
    if (answers.size > 1000) answers.clear();
    answers.set(items, text);
  }
  return text;
}

const server = Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen: () => {} },
  async (request) => {
    const { pathname, search } = new URL(request.url);
    if (pathname === "/count") return Response.json({ documents, bytes });
    if (!pathname.endsWith("/_bulk")) {
      await request.body?.cancel();
      return new Response('{"acknowledged":true}', { headers: PRODUCT });
    }
    let body: Uint8Array = new Uint8Array(await request.arrayBuffer());
    if (request.headers.get("content-encoding") === "gzip") body = gunzipSync(body);
    const items = count(body);
    documents += items;
    bytes += body.length;
    // Who asks for the items gets them; the others look at `errors` alone.
    const text = search.includes("filter_path")
      ? answerOf(items)
      : '{"took":1,"errors":false,"items":[]}';
    return new Response(text, { headers: PRODUCT });
  },
);
console.log(`listening on ${server.addr.port}`);
