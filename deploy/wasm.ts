/**
 * Turns the .wat files into bytes, kept in a module beside each: programs and tests need no assembler. Run it after a
 * change of a .wat; unit tests fail where the bytes are not those of the text.
 *
 *     npm ci && deno run -A deploy/wasm.ts
 */
import { run } from "../test/support/process.ts";

const ROOT = new URL("..", import.meta.url).pathname;
const TEXTS = [
  "core/kafka/wasm/batch.wat",
  "core/kafka/wasm/pack.wat",
  "transfer/index/wasm/document.wat",
];

export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

async function assemble(text: string): Promise<void> {
  const binary = await Deno.makeTempFile({ suffix: ".wasm" });
  const assembler = `${ROOT}node_modules/wabt/bin/wat2wasm`;
  await run(Deno.execPath(), ["run", "-A", "--quiet", assembler, text, "-o", binary]);
  const base64 = (await Deno.readFile(binary)).toBase64();
  await Deno.remove(binary);
  const hash = await sha256(await Deno.readFile(text));
  const rows = base64.match(/.{1,92}/g)!.map((row) => `  "${row}",`);
  await Deno.writeTextFile(
    text.replace(/\.wat$/, "_module.ts"),
    `/** ${
      text.split("/").at(-1)
    } as bytes. Written by deploy/wasm.ts: change the .wat and run it. */

/** SHA-256 of the text that the bytes were made of. */
export const TEXT_SHA256 = "${hash}";

/** Base64. */
export const BINARY = [
${rows.join("\n")}
].join("");
`,
  );
}

if (import.meta.main) {
  for (const text of TEXTS) await assemble(ROOT + text);
}
