/** `weir up` on real journal files, read by the real journalctl. */
import assert from "node:assert/strict";
import { findCommand, type Program } from "../support/process.ts";
import { type TempDir, tempDir } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";
import { JournalFiles } from "./journal_files.ts";
import { ask, weir } from "./site.ts";

function start(dir: TempDir, journal: JournalFiles): Program {
  const options = ["--listen", "127.0.0.1:0", "--data", dir.join("data")];
  return weir(["up", "--journal-dir", journal.folder, dir.join("nothing.log"), ...options]);
}

async function urlOf(program: Program): Promise<string> {
  return (await program.waitForLine(/Weir is at\s+(http:\S+)/))[1];
}

async function count(url: string, query: string): Promise<number> {
  const answer = await fetch(`${url}api/count?q=${encodeURIComponent(query)}`);
  return (await answer.json()).count;
}

async function documents(url: string, query = ""): Promise<Record<string, unknown>[]> {
  const query_ = new URLSearchParams({ q: query, limit: "100000", order: "oldest" });
  const text = await (await fetch(`${url}api/search?${query_}`)).text();
  return text.trim().split("\n").map((line) => JSON.parse(line));
}

Deno.test("weir up reads the journal: times, levels, units, lines in one entry, and what comes later", async () => {
  await using journal = await JournalFiles.open();
  await using dir = await tempDir("weir-cli-");
  const ssh = { _SYSTEMD_UNIT: "ssh.service", SYSLOG_IDENTIFIER: "sshd", _PID: "812" };
  await journal.append([
    { MESSAGE: "accepted publickey for alice", PRIORITY: "6", ...ssh },
    { MESSAGE: "error: no more sessions", PRIORITY: "3", ...ssh },
    { MESSAGE: "Traceback:\n  in main\n支付 failed", PRIORITY: "4", _TRANSPORT: "stdout" },
  ]);
  await journal.append([{ MESSAGE: "another boot", _BOOT_ID: "0".repeat(31) + "2" }]);
  await using program = start(dir, journal);
  const url = await urlOf(program);
  assert.match(program.stdout, /systemd journal in /);
  await waitFor("the four entries", async () => await count(url, "topic:journal") === 4);
  assert.equal(await count(url, "level:error unit:ssh.service pid:812"), 1);
  assert.equal(await count(url, "level:warn 支付"), 1);
  const [first, , third] = await documents(url);
  assert.equal(first["@timestamp"], "2026-11-20T00:00:00.001Z");
  assert.equal(first["host.name"], "journal-host");
  assert.match(String(first._id), /^[A-Za-z0-9_-]{16}:1-2$/);
  assert.equal(
    (third.fields as Record<string, string>).message,
    "Traceback:\n  in main\n支付 failed",
  );
  await journal.append([{ MESSAGE: "later", PRIORITY: "7" }]);
  await waitFor("the later entry", async () => await count(url, "level:debug later") === 1);
  const sources = await (await fetch(`${url}api/sources`)).json();
  assert(sources.files.some((file: { path: string }) => file.path === `journal:${journal.folder}`));
  assert.equal((await program.stop()).code, 0);
});

Deno.test("weir up, killed while it reads the journal and while it grows: each entry is there once", async () => {
  await using journal = await JournalFiles.open();
  await using dir = await tempDir("weir-cli-");
  const batch = 2000, kills = 4;
  let written = 0;
  const grow = async () => {
    const entries = Array.from(
      { length: batch },
      () => ({ MESSAGE: `entry ${written++} of many` }),
    );
    await journal.append(entries);
  };
  await grow();
  for (let kill = 0; kill < kills; kill++) {
    const program = start(dir, journal);
    const url = await urlOf(program);
    const growing = grow();
    await waitFor("some more entries", async () => await count(url, "") > kill * batch);
    await program.kill9();
    await growing;
  }
  await using program = start(dir, journal);
  const url = await urlOf(program);
  await waitFor("all entries", async () => await count(url, "") >= written);
  const found = (await documents(url)).map((one) => (one.fields as { message: string }).message);
  assert.deepEqual(
    { documents: found.length, different: new Set(found).size },
    { documents: written, different: written },
  );
  // A stop that is no kill keeps the last cursor: nothing is read again.
  assert.equal((await program.stop(60_000)).code, 0);
  await using again = start(dir, journal);
  const status = await (await fetch(`${await urlOf(again)}api/status`)).json();
  assert.equal(status.progress.caughtUp, true, JSON.stringify(status.progress));
  assert.equal(status.store.repeats, 0);
});

Deno.test("weir up --journal says what to do where there is no journalctl, or no journal", async () => {
  await using dir = await tempDir("weir-cli-");
  const data = ["--listen", "127.0.0.1:0", "--data", dir.join("data")];
  Deno.mkdirSync(dir.join("bin"));
  Deno.symlinkSync(findCommand("setpriv")!, dir.join("bin/setpriv"));
  const without = await ask(["up", "--journal", ...data], { PATH: dir.join("bin") });
  assert.match(without.stderr, /journalctl is not there\n.*leave --journal out/);
  assert.notEqual(without.code, 0);
  Deno.mkdirSync(dir.join("empty"));
  await using program = weir(["up", "--journal-dir", dir.join("empty"), ...data]);
  await urlOf(program);
  assert.match(program.stdout, /journal.*there is no journal.*\(JOURNAL_NONE\)/);
});
