/** `weir tail` against a running `weir up`: over cut connections and restarts of the server, each line once. */
import assert from "node:assert/strict";
import { EXIT } from "../../core/errors.ts";
import type { Program } from "../support/process.ts";
import { waitFor } from "../support/wait.ts";
import { TcpProxy } from "../support/tcp_proxy.ts";
import { ask, UpSite, weir } from "./site.ts";

/** Numbered lines, with the times of now. */
function numbered(from: number, to: number): string {
  let text = "";
  for (let n = from; n < to; n++) text += `${new Date().toISOString()} INFO number=${n}\n`;
  return text;
}

const numbersOf = (tail: Program) =>
  [...tail.stdout.matchAll(/number=(\d+)/g)].map((match) => Number(match[1]));

async function shows(tail: Program, count: number): Promise<void> {
  await waitFor(`${count} lines of weir tail`, () => numbersOf(tail).length >= count, {
    detail: () => tail.tail(),
  });
}

async function ends(tail: Program, count: number): Promise<void> {
  tail.signal("SIGINT");
  assert.deepEqual(await tail.exit, { code: EXIT.ok, signal: null }, tail.tail());
  const numbers = numbersOf(tail).sort((a, b) => a - b);
  assert.deepEqual(numbers, Array.from({ length: count }, (_, n) => n), "each line once");
}

Deno.test("weir tail shows the last lines and every new one, once, and ends on Ctrl-C with 0", async () => {
  await using site = await UpSite.open({ "a.log": numbered(0, 5) });
  await using tail = weir(["tail", "--url", site.url, "number"]);
  await shows(tail, 5);
  site.append("a.log", `${new Date().toISOString()} INFO other\n${numbered(5, 10)}`);
  await shows(tail, 10);
  assert(!tail.stdout.includes("INFO other"), "only what fits the query");
  await ends(tail, 10);
});

Deno.test("weir tail goes on behind its last line after a cut connection and a refused one", async () => {
  await using site = await UpSite.open({ "a.log": numbered(0, 5) });
  const proxy = await TcpProxy.to(site.address);
  try {
    await using tail = weir(["tail", "--url", proxy.url, "--json"]);
    await shows(tail, 5);
    await proxy.down();
    site.append("a.log", numbered(5, 50));
    await tail.waitForLine(/Connection lost/);
    const before = proxy.connections;
    await proxy.up();
    await shows(tail, 50);
    assert(proxy.connections > before);
    proxy.cut();
    site.append("a.log", numbered(50, 60));
    await shows(tail, 60);
    await ends(tail, 60);
  } finally {
    await proxy.down();
  }
});

Deno.test("weir tail shows what was stored while weir up started anew, no line twice", async () => {
  await using site = await UpSite.open({ "a.log": numbered(0, 5) });
  await using tail = weir(["tail", "--url", site.url]);
  await shows(tail, 5);
  await site.stop();
  await tail.waitForLine(/Connection lost/);
  // More than the lines that a new session begins with.
  site.append("a.log", numbered(5, 105));
  await site.start();
  await shows(tail, 105);
  site.append("a.log", numbered(105, 110));
  await shows(tail, 110);
  await ends(tail, 110);
});

Deno.test("weir tail says what is wrong at the start, and does not wait", async () => {
  await using site = await UpSite.open({ "a.log": "" });
  const wrong = await ask(["tail", "--url", site.url, "a (b"]);
  assert.equal(wrong.code, EXIT.usage);
  assert.match(wrong.stderr, /Column 3/);
  await site.stop();
  const away = await ask(["tail", "--url", site.url]);
  assert.equal(away.code, EXIT.unavailable);
  assert.match(away.stderr, /Is `weir up` running\?/);
});
