/**
 * No package that is installed has a fault that the registry's advisories know, by npm and by deno. Where the registry
 * does not answer such questions the test is skipped, and says what it answered.
 */
import assert from "node:assert/strict";
import { tempDir } from "../support/temp.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const LIMIT_MS = 60_000;
const AUDITS: Readonly<Record<string, [command: string, args: string[]]>> = {
  "npm audit": ["npm", ["audit", "--audit-level=low", "--fetch-retries=1"]],
  "deno audit": [Deno.execPath(), ["audit"]],
};
/** What either says where it has no answer; a found fault says none of it. */
const UNANSWERED = /audit endpoint returned an error|error sending request|Failed to fetch/i;

async function audit(command: string, args: string[]): Promise<{ code: number; text: string }> {
  await using folder = await tempDir();
  for (const file of ["package.json", "package-lock.json"]) {
    await Deno.copyFile(ROOT + file, folder.join(file));
  }
  const signal = AbortSignal.timeout(LIMIT_MS);
  const options = { args, cwd: folder.path, env: { NO_COLOR: "1" }, signal };
  const { code, stdout, stderr } = await new Deno.Command(command, options).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const late = signal.aborted ? "\nFailed to fetch: no answer within a minute" : "";
  return { code, text: decode(stdout) + decode(stderr) + late };
}

for (const [name, [command, args]] of Object.entries(AUDITS)) {
  const { code, text } = await audit(command, args);
  const unanswered = text.split("\n").find((line) => UNANSWERED.test(line));
  const ignore = code !== 0 && unanswered !== undefined;
  if (ignore) console.log(`skipped: ${name}: the registry does not answer: ${unanswered}`);
  Deno.test({
    name: `${name} knows no fault of what is installed`,
    ignore,
    fn: () => assert.equal(code, 0, text),
  });
}
