/** How a program ends: signals behind the start and during it, with real processes. */
import assert from "node:assert/strict";

const MODULE = new URL("../../core/lifecycle.ts", import.meta.url).href;

/** A program whose last part says that all is up; it is then asked to end. */
async function ended(signal: Deno.Signal, lines: string): Promise<{ code: number; said: string }> {
  const source = `import { runParts } from ${JSON.stringify(MODULE)};
const timer = setInterval(() => {}, 1000);
${lines}
clearInterval(timer);
Deno.exit(code);`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", source],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let said = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    said += text;
    if (said.includes("up\n")) {
      try {
        child.kill(signal);
      } catch {
        // It has ended by itself.
      }
    }
  }
  return { code: (await child.status).code, said };
}

Deno.test("lifecycle: a signal right behind the last part's word stops the parts", async () => {
  const lines = `const part = {
  name: "last",
  start: () => { console.log("up"); },
  stop: () => console.log("stopped"),
};
const code = await runParts([part], 1000);`;
  for (let i = 0; i < 3; i++) {
    assert.deepEqual(await ended("SIGTERM", lines), { code: 0, said: "up\nstopped\n" });
  }
});

Deno.test("lifecycle: a signal during the start ends the program at once", async () => {
  const lines = `const part = {
  name: "slow",
  start: () => { console.log("up"); return new Promise(() => {}); },
  stop: () => console.log("stopped"),
};
const code = await runParts([part], 1000);`;
  assert.deepEqual(await ended("SIGTERM", lines), { code: 143, said: "up\n" });
  assert.deepEqual(await ended("SIGINT", lines), { code: 130, said: "up\n" });
});
