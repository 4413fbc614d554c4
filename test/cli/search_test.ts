/** `weir search` against a running `weir up`. */
import assert from "node:assert/strict";
import { EXIT } from "../../core/errors.ts";
import { Site } from "../page/site.ts";
import { freePort, tempDir } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";
import { ask, UpSite } from "./site.ts";

const SHOP = [
  "2026-11-20 10:00:00,001 INFO  [main] shop.Orders: order 1 placed",
  "2026-11-20 10:00:01,002 ERROR [main] shop.Orders: order 2 failed",
  "java.lang.IllegalStateException: no stock",
  "\tat shop.Orders.place(Orders.java:20)",
  "2026-11-20 10:00:02,003 INFO  [main] shop.Orders: order 3 placed",
  "2026-11-20 10:00:03,004 WARN  [main] shop.Orders: hostile \x1b[2J\x07\u202e line",
].map((line) => `${line}\n`).join("");

Deno.test("weir search prints lines, JSON and counts of a running weir up", async (t) => {
  await using site = await UpSite.open({ "shop.log": SHOP });
  const search = (...args: string[]) => ask(["search", "--url", site.url, ...args]);
  await waitFor("all lines to be found", async () => (await search("--count")).stdout === "6\n", {
    everyMs: 250,
  });

  await t.step("text: in the order of time, the stack trace indented", async () => {
    const { code, stdout, stderr } = await search();
    assert.equal(code, EXIT.ok, stderr);
    const lines = stdout.split("\n");
    assert.equal(lines.length, 7);
    assert(lines[0].startsWith("2026-11-20 10:00:00.001 INFO "), lines[0]);
    assert(lines[1].startsWith("2026-11-20 10:00:01.002 ERROR "), lines[1]);
    assert(lines[0].includes(` ${site.path("shop.log")} `));
    assert(lines[1].endsWith("order 2 failed"));
    assert.equal(lines[2], "    java.lang.IllegalStateException: no stock");
    assert.match(lines[3], /^ {8}at shop\.Orders/);
    assert(lines[5].includes("hostile \\u001b[2J\\u0007\\u202e line"), lines[5]);
    assert(!stdout.includes("\x1b"));
  });

  await t.step(
    "--json: one exact document a line, without characters that a terminal obeys",
    async () => {
      const { stdout } = await search("hostile", "--json");
      assert.equal(stdout.split("\n").length, 2);
      assert(!stdout.includes("\x1b") && !stdout.includes("\u202e"));
      const document = JSON.parse(stdout);
      assert.equal(document.message, SHOP.trimEnd().split("\n").at(-1));
      assert.equal(document["log.level"], "warn");
    },
  );

  await t.step("query, times, limit and order", async () => {
    assert.equal((await search("order", "failed", "--count")).stdout, "1\n");
    const range = ["--since", "2026-11-20T10:00:02Z", "--until", "2026-11-20T10:00:03Z"];
    assert.equal((await search("--count", ...range)).stdout, "1\n");
    assert.match((await search(...range)).stdout, /^.* order 3 placed\n$/);
    const placed = async (...args: string[]) =>
      (await search("placed", ...args)).stdout.match(/order \d/g);
    assert.deepEqual(await placed(), ["order 1", "order 3"]);
    assert.deepEqual(await placed("--limit", "1"), ["order 3"]);
    assert.deepEqual(await placed("--order", "newest"), ["order 3", "order 1"]);
    assert.deepEqual(await placed("--order", "oldest", "--limit", "1"), ["order 1"]);
    assert.equal((await search("nothing-has-this")).stdout, "");
  });

  await t.step("a query that cannot be read: where, and how to mend it", async () => {
    for (const args of [["a (b"], ["a (b", "--count"]]) {
      const { code, stdout, stderr } = await search(...args);
      assert.equal(code, EXIT.usage);
      assert.equal(stdout, "");
      assert.match(stderr, /Column 3: .*\n {2}a \(b\n {4}\^\n/);
    }
    const { code, stderr } = await search("--since", "whenever");
    assert.equal(code, EXIT.usage);
    assert.match(stderr, /whenever/);
    assert.equal((await search("--limit", "many")).code, EXIT.usage);
  });
});

Deno.test("weir search says where no weir up answers", async () => {
  const { code, stderr } = await ask(["search", "--url", `http://127.0.0.1:${freePort()}`]);
  assert.equal(code, EXIT.unavailable);
  assert.match(stderr, /Is `weir up` running\?/);
  assert.equal((await ask(["search", "--url", "ftp://127.0.0.1"])).code, EXIT.usage);
});

Deno.test("weir search gives the token or the password that the server asks for", async () => {
  const site = await Site.open({ auth: { token: "correct-horse", password: "battery staple" } });
  try {
    await using dir = await tempDir();
    Deno.writeTextFileSync(dir.join("token"), "correct-horse\n");
    Deno.writeTextFileSync(dir.join("password"), "battery staple\n");
    const count = (args: string[], token = "") =>
      ask(["search", "--count", "--url", site.url, ...args], { WEIR_TOKEN: token });
    assert.deepEqual((await count([])).code, EXIT.permission);
    assert.equal((await count([], "wrong")).code, EXIT.permission);
    assert.equal((await count([], "correct-horse")).stdout, "0\n");
    assert.equal((await count(["--token-file", dir.join("token")], "wrong")).stdout, "0\n");
    assert.equal((await count(["--password-file", dir.join("password")])).stdout, "0\n");
    assert.equal((await count(["--token-file", dir.join("none")])).code, EXIT.permission);
  } finally {
    await site.close();
  }
});
