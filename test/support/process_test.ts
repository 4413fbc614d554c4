import assert from "node:assert/strict";
import { findCommand, run, startProgram } from "./process.ts";
import { waitFor } from "./wait.ts";

Deno.test("startProgram() keeps both streams, waits for a line, gives the exit", async () => {
  const program = startProgram("sh", ["-c", 'echo "port $A"; echo bad >&2; exit 3'], {
    env: { A: "17" },
  });
  assert.equal((await program.waitForLine(/^port (\d+)$/))[1], "17");
  assert.deepEqual(await program.exit, { code: 3, signal: null });
  assert.equal(program.stderr, "bad\n");
  await assert.rejects(program.waitForLine(/never/), /sh ended without a line \/never\/[\s\S]*bad/);
});

Deno.test("waitForLine() takes a line when it is whole", async () => {
  await using program = startProgram("sh", [
    "-c",
    "printf 'at http://127.0.0.1:1'; sleep 0.3; echo 8080; sleep 0.3; printf 'no end'",
  ]);
  assert.equal((await program.waitForLine(/http:\S+/))[0], "http://127.0.0.1:18080");
  assert.equal((await program.waitForLine(/no e../))[0], "no end");
});

Deno.test("startProgram() gives a program its input", async () => {
  await using program = startProgram("cat", [], { input: "one\ntwo\n" });
  await program.exit;
  assert.equal(program.stdout, "one\ntwo\n");
});

Deno.test("stop() asks, and kills what does not listen; kill9() kills", async () => {
  const polite = startProgram("sh", [
    "-c",
    "trap 'exit 5' TERM; echo up; while :; do sleep 0.01; done",
  ]);
  await polite.waitForLine(/up/);
  assert.deepEqual(await polite.stop(), { code: 5, signal: null });
  const deaf = startProgram("sh", ["-c", "trap '' TERM; echo up; while :; do sleep 0.01; done"]);
  await deaf.waitForLine(/up/);
  assert.equal((await deaf.stop(50)).signal, "SIGKILL");
  const killed = startProgram("sleep", ["60"]);
  assert.equal((await killed.kill9()).signal, "SIGKILL");
});

Deno.test("a program ends with the process that started it, also when that is killed", async () => {
  const code = `import { startProgram } from ${JSON.stringify(import.meta.resolve("./process.ts"))};
    console.log("child", startProgram("sleep", ["600"]).pid);`;
  await using starter = startProgram(Deno.execPath(), ["run", "-A", "--no-check", "-"], {
    input: code,
  });
  const pid = Number((await starter.waitForLine(/^child (\d+)$/))[1]);
  await starter.kill9();
  await waitFor("the end of the child", () => !isRunning(pid));
});

Deno.test("run() throws with what the program said; findCommand() knows the PATH", async () => {
  assert.equal(await run("sh", ["-c", "echo yes"]), "yes\n");
  await assert.rejects(run("sh", ["-c", "echo no >&2; exit 1"]), /ended by code 1[\s\S]*no/);
  assert.equal(findCommand("no-such-command-here"), undefined);
  assert.throws(() => startProgram("no-such-command-here"), /not found on the PATH/);
});

function isRunning(pid: number): boolean {
  try {
    return !/\) Z /.test(Deno.readTextFileSync(`/proc/${pid}/stat`));
  } catch {
    return false;
  }
}
