/**
 * A bulk endpoint that only answers, as a program of its own: every document is created. It counts
 * documents (GET /count) and prints the port that it listens on. It speaks HTTP/1.1 by itself: the
 * runtime's server closes the connection behind each large body, which no Elasticsearch does. For
 * `npm run bench:transfer`.
 */
import { gunzipSync } from "node:zlib";

const encoder = new TextEncoder(), decoder = new TextDecoder();
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

/** Who asks for the items gets them; the others look at `errors` alone. */
function answerTo(target: string, body: Uint8Array): string {
  const [path, search = ""] = target.split("?");
  if (path === "/count") return JSON.stringify({ documents, bytes });
  if (!path.endsWith("/_bulk")) return '{"acknowledged":true}';
  const items = count(body);
  documents += items;
  bytes += body.length;
  return search.includes("filter_path") ? answerOf(items) : '{"took":1,"errors":false,"items":[]}';
}

async function writeAll(conn: Deno.Conn, text: string): Promise<void> {
  const all = encoder.encode(text);
  for (let at = 0; at < all.length;) at += await conn.write(all.subarray(at));
}

/** One request after the other; `buffer` holds what was read of the next ones. */
async function serve(conn: Deno.Conn): Promise<void> {
  let buffer = new Uint8Array(65_536), size = 0;
  const more = async () => {
    if (size === buffer.length) {
      const grown = new Uint8Array(size * 2);
      grown.set(buffer);
      buffer = grown;
    }
    const read = await conn.read(buffer.subarray(size));
    size += read ?? 0;
    return read !== null;
  };
  for (;;) {
    let end = -1;
    while (
      (end = decoder.decode(buffer.subarray(0, Math.min(size, 8192))).indexOf("\r\n\r\n")) < 0
    ) {
      if (!await more()) return;
    }
    const head = decoder.decode(buffer.subarray(0, end));
    const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
    if (/^expect: *100/im.test(head)) await writeAll(conn, "HTTP/1.1 100 Continue\r\n\r\n");
    const from = end + 4, to = from + length;
    while (size < to) if (!await more()) return;
    let body = buffer.subarray(from, to);
    if (/^content-encoding: *gzip/im.test(head)) body = new Uint8Array(gunzipSync(body));
    const answer = answerTo(head.split(" ", 2)[1], body);
    await writeAll(
      conn,
      "HTTP/1.1 200 OK\r\nx-elastic-product: Elasticsearch\r\ncontent-type: application/json\r\n" +
        `content-length: ${answer.length}\r\n\r\n${answer}`,
    );
    buffer.copyWithin(0, to, size);
    size -= to;
  }
}

const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
console.log(`listening on ${(listener.addr as Deno.NetAddr).port}`);
for await (const conn of listener) {
  serve(conn).catch(() => {}).finally(() => conn.close()); // a client that went away
}
