import assert from "node:assert/strict";
import fc from "fast-check";
import { HttpWire, WireError } from "../../transfer/index/http_wire.ts";

const encoder = new TextEncoder(), decoder = new TextDecoder();
const HEAD = "POST /_bulk HTTP/1.1\r\ncontent-length: 4\r\n\r\n";

/**
 * An exchange with a peer that reads the request whole, where it is told to, and then sends the
 * parts.
 */
async function exchange(parts: string[], options: { readFirst?: boolean; body?: Uint8Array } = {}) {
  const { readFirst = true, body = encoder.encode("body") } = options;
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let got = 0;
  const peer = (async () => {
    using conn = await listener.accept();
    conn.setNoDelay(true);
    const into = new Uint8Array(65_536);
    const read = async () => got += (await conn.read(into)) ?? 0;
    if (readFirst) { while (got < HEAD.length + body.length) await read(); }
    for (const part of parts) await conn.write(encoder.encode(part));
  })();
  const { port } = listener.addr as Deno.NetAddr;
  const wire = new HttpWire(await Deno.connect({ hostname: "127.0.0.1", port }));
  try {
    const answer = await wire.exchange(HEAD, body, 1000);
    return { ...answer, text: decoder.decode(answer.body), closed: wire.closed, got };
  } finally {
    await peer;
    wire.close();
    listener.close();
  }
}

Deno.test("HttpWire sends head and body, and reads an answer of a known length", async () => {
  const answer = await exchange(["HTTP/1.1 200 OK\r\nX-A: b\r\ncontent-length: 2\r\n\r\nok"]);
  const { statusCode, headers, text, closed, got } = answer;
  assert.deepEqual([statusCode, headers["x-a"], text, closed], [200, "b", "ok", false]);
  assert.equal(got, HEAD.length + 4);
});

Deno.test("HttpWire reads chunks, whatever parts the answer comes in", async () => {
  const whole = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\n" +
    "Transfer-Encoding: chunked\r\n\r\n5;x=1\r\nhello\r\nA\r\n 0123\r\n678\r\n0\r\nt: v\r\n\r\n";
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.nat(whole.length)), async (cuts) => {
      const at = [0, ...cuts.sort((a, b) => a - b), whole.length];
      const parts = at.slice(1).map((end, i) => whole.slice(at[i], end));
      const { statusCode, text, closed } = await exchange(parts);
      assert.deepEqual([statusCode, text, closed], [201, "hello 0123\r\n678", false]);
    }),
    { numRuns: 30 },
  );
});

Deno.test("HttpWire takes an answer that ends with the connection, and closes", async () => {
  const { text, closed } = await exchange(["HTTP/1.1 200 OK\r\n\r\nall", " of it"]);
  assert.deepEqual([text, closed], ["all of it", true]);
  const said = await exchange([
    "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
  ]);
  assert.equal(said.closed, true);
});

Deno.test("HttpWire takes an answer that comes before all was sent", async () => {
  const answer = await exchange(["HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\n\r\nbig"], {
    readFirst: false,
    body: new Uint8Array(30_000_000),
  });
  assert.deepEqual([answer.statusCode, answer.text, answer.closed], [413, "big", true]);
});

Deno.test("HttpWire says whether an answer had begun when the connection ended", async () => {
  const failed = async (parts: string[]) => {
    const error = await exchange(parts).then(() => assert.fail("an answer"), (error) => error);
    assert.ok(error instanceof WireError, String(error));
    return error.sent;
  };
  assert.equal(await failed([]), false);
  assert.equal(await failed(["HTTP/1.1 200"]), true);
  assert.equal(await failed(["HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort"]), true);
  assert.equal(await failed(["SSH-2.0\r\n\r\n"]), true);
  assert.equal(await failed(["HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n"]), true);
  assert.equal(await failed(["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"]), true);
});

Deno.test("HttpWire sends nothing of a body that was changed after the connection was closed", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const wire = new HttpWire(await Deno.connect({ hostname: "127.0.0.1", port }));
  using peer = await listener.accept();
  // More than sockets hold: a part of it waits until the peer reads.
  const body = new Uint8Array(64 << 20).fill(65), into = new Uint8Array(1 << 20);
  const failed = assert.rejects(wire.exchange(HEAD, body, 1000));
  for (let got = 0; got < 1 << 20;) got += (await peer.read(into)) ?? 0;
  wire.close();
  body.fill(66);
  await peer.closeWrite(); // a read that waits keeps a connection that is closed
  for (let more = true; more;) {
    const count = await peer.read(into).catch(() => null); // it ends in the middle
    more = count !== null;
    assert.ok(!into.subarray(0, count ?? 0).includes(66), "bytes of the next body");
  }
  await failed;
  listener.close();
});
