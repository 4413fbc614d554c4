/** What the executables' base does with HTTP/2, over which they ask etcd: a call that has ended is kept by nothing. */
import assert from "node:assert/strict";
import http2 from "node:http2";
import type { AddressInfo } from "node:net";
import { run } from "../support/process.ts";
import { tempDir } from "../support/temp.ts";

const PROGRAM = new URL("many_calls.ts", import.meta.url).pathname;
const CALLS = 100;

Deno.test("etcd: an executable keeps none of its calls that have ended", async () => {
  await using folder = await tempDir();
  const file = folder.join("many_calls");
  const flags = ["--quiet", "--no-check", "--no-config", "--allow-all"];
  await run(Deno.execPath(), ["compile", ...flags, `--output=${file}`, PROGRAM]);
  const server = http2.createServer();
  let answered = 0;
  server.on("stream", (stream) => {
    stream.respond({ ":status": 200 }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.resume().on("end", () => stream.end("answer"));
    answered++;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const kept = Number(await run(file, [`http://127.0.0.1:${port}`, String(CALLS)]));
    assert.equal(answered, CALLS);
    assert(kept <= 1, `${kept} of ${CALLS} calls are kept`); // the last one may just be ending
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});
