/** The link of the packet faults: what goes through it comes out whole, and packets of it really have the trouble. */
import assert from "node:assert/strict";
import { createServer, type Server } from "node:net";
import { type LinkTrouble, LossyLink } from "../support/lossy_link.ts";
import { TcpProxy } from "../support/tcp_proxy.ts";

const BYTES = 2_000_000;
const missing = await LossyLink.missing();

Deno.test({
  name:
    "LossyLink: bytes come back whole while packets are lost, late and doubled, which TCP notices",
  ignore: missing !== undefined,
  sanitizeOps: false, // the proxy keeps sockets for a while
  sanitizeResources: false,
  async fn() {
    const echo = await startEcho(), target = echo.address;
    await using link = await LossyLink.open([target]);
    const way = await TcpProxy.to(link.entranceOf(target));
    const noticed = async (trouble: LinkTrouble) => {
      await link.trouble(trouble);
      const before = link.counts();
      await sendAndCompare(way.port);
      const after = link.counts();
      return {
        again: after.again - before.again,
        early: after.early - before.early,
        repeated: after.repeated - before.repeated,
      };
    };
    await noticed({});
    assert((await noticed({ lost: 0.05 })).again > 0);
    assert((await noticed({ late: 0.2 })).early > 0);
    assert((await noticed({ twice: 0.2 })).repeated > 0);
    await noticed({});
    await way.close();
    echo.server.close();
  },
});

if (missing !== undefined) console.log(`skipped: ${missing}`);

async function startEcho(): Promise<{ server: Server; address: string }> {
  const server = createServer((socket) => socket.on("error", () => {}).pipe(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, address: `127.0.0.1:${(server.address() as { port: number }).port}` };
}

async function sendAndCompare(port: number): Promise<void> {
  const sent = new Uint8Array(BYTES).map((_, at) => at * 7 + (at >> 8));
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const writing = writeAll(connection, sent);
  const back = new Uint8Array(BYTES);
  for (let at = 0; at < BYTES;) {
    const size = await connection.read(back.subarray(at));
    assert(size !== null, `the connection ended at byte ${at}`);
    at += size;
  }
  await writing;
  assert.deepEqual(back, sent);
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}
