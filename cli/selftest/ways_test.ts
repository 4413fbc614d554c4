import assert from "node:assert/strict";
import { createServer, type Server, type Socket } from "node:net";
import { Relay } from "./ways.ts";

/** Answers each piece with its length. */
async function counting(): Promise<{ server: Server; address: string; open: Set<Socket> }> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on("error", () => {}).on("close", () => open.delete(socket));
    socket.on("data", (bytes) => socket.write(`${bytes.length}\n`));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, address: `127.0.0.1:${(server.address() as { port: number }).port}`, open };
}

async function say(connection: Deno.Conn, text: string): Promise<string | null> {
  await connection.write(new TextEncoder().encode(text));
  const into = new Uint8Array(100), size = await connection.read(into);
  return size === null ? null : new TextDecoder().decode(into.subarray(0, size));
}

Deno.test("Relay leads to its target, or to the one that the first line names, and can be cut", async () => {
  const { server, address } = await counting();
  for (const named of [false, true]) {
    const relay = await Relay.open(named ? undefined : address), { port } = relay;
    const first = await Deno.connect({ port, hostname: "127.0.0.1" });
    assert.equal(await say(first, named ? `${address}\nseven b` : "seven b"), "7\n");
    assert.equal(await say(first, "four"), "4\n");
    relay.cut();
    assert.equal(await first.read(new Uint8Array(1)).catch(() => null), null, "it is over");
    first.close();
    const second = await Deno.connect({ port, hostname: "127.0.0.1" });
    assert.equal(await say(second, named ? `${address}\nab` : "ab"), "2\n");
    second.close();
    relay.close();
  }
  server.close();
});

Deno.test("Relay ends a connection whose target cannot be reached, or that names none", async () => {
  const relay = await Relay.open(), { port } = relay;
  for (const text of ["127.0.0.1:1\nhello", "x".repeat(2000)]) {
    const connection = await Deno.connect({ port, hostname: "127.0.0.1" });
    assert.equal(await say(connection, text).catch(() => null), null);
    connection.close();
  }
  relay.close();
});
