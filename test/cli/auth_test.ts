/** `weir up` where others can reach it: only with a password or token, and only under its own names. */
import assert from "node:assert/strict";
import { request } from "node:http";
import { type TempDir, tempDir } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";
import { ask, weir } from "./site.ts";

const PASSWORD = "correct horse battery", TOKEN = "token-of-a-program";

function args(dir: TempDir, listen: string): string[] {
  Deno.writeTextFileSync(dir.join("app.log"), "2026-11-20 10:00:00,000 ERROR secret line\n");
  return ["up", dir.join("app.log"), "--listen", listen, "--data", dir.join("data")];
}

/** fetch() sets the Host header by itself. */
function statusOf(url: string, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { headers, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    }).on("error", reject).end();
  });
}

Deno.test("weir up refuses an address that others can reach without a password or token, and says how", async () => {
  await using dir = await tempDir("weir-cli-");
  const { code, stderr, stdout } = await ask(args(dir, "0.0.0.0:0"));
  assert.equal(code, 64);
  assert.match(stderr, /without a password or token.*\n.*--password-file.*WEIR_TOKEN/);
  assert.equal(stdout, "");
  const short = await ask(args(dir, "0.0.0.0:0"), { WEIR_PASSWORD: "1234" });
  assert.equal(short.code, 64);
  assert.doesNotMatch(short.stderr, /1234/);
  const clear = await ask([...args(dir, "127.0.0.1:0"), "--password", "hunter2hunter2"]);
  assert.equal(clear.code, 64);
  assert.match(clear.stderr, /--password is not taken.*\nGive --password-file FILE/);
  const typo = await ask(["up", "--lsten", "127.0.0.1:0"]);
  assert.equal(typo.code, 64);
  assert.match(typo.stderr, /Did you mean --listen\?/);
});

Deno.test("weir up with a password and a token lets those in who know one, under its own names", async () => {
  await using dir = await tempDir("weir-cli-");
  const file = dir.join("password");
  await Deno.writeTextFile(file, `${PASSWORD}\n`);
  const options = ["--password-file", file, "--allow-host", "Logs.Example.org", "other.example"];
  await using program = weir([...args(dir, "0.0.0.0:0"), ...options], { WEIR_TOKEN: TOKEN });
  const [, port] = await program.waitForLine(
    /Weir is at\s+http:\/\/127\.0\.0\.1:(\d+)\/ .*other addresses/,
  );
  const url = `http://127.0.0.1:${port}/api/count`;
  const basic = (password: string) => `Basic ${btoa(`me:${password}`)}`;
  const status = async (authorization?: string) => {
    const answer = await fetch(url, authorization ? { headers: { authorization } } : {});
    await answer.body?.cancel();
    return answer.status;
  };
  assert.equal(await status(), 401);
  assert.equal(await status(basic("wrong password")), 401);
  assert.equal(await status(`Bearer ${PASSWORD}`), 401, "a password is no token");
  assert.equal(await status(basic(PASSWORD)), 200);
  assert.equal(await status(`Bearer ${TOKEN}`), 200);
  const authorization = `Bearer ${TOKEN}`;
  for (
    const [host, wanted] of [["logs.example.org", 200], ["other.example:80", 200], [
      "evil.example",
      421,
    ]]
  ) {
    assert.equal(await statusOf(url, { host: String(host), authorization }), wanted, String(host));
  }
  const search = ["search", "level:error", "--count", "--url", `http://127.0.0.1:${port}`];
  await waitFor("the line by the command", async () => {
    return (await ask(search, { WEIR_TOKEN: TOKEN })).stdout === "1\n";
  });
  const denied = await ask(search);
  assert.notEqual(denied.code, 0);
  for (let i = 0; i < 10; i++) await status(basic("guess"));
  assert.equal(await status(basic(PASSWORD)), 429, "guessing is bounded");
  for (const text of [program.stdout, program.stderr]) {
    assert(!text.includes(PASSWORD) && !text.includes(TOKEN), "secrets are never printed");
  }
});
