/**
 * Turns core/kafka/wasm/batch.wat into bytes, kept in batch_module.ts: programs and tests need no assembler. Run it after
 * a change of the .wat; a unit test fails where the bytes are not those of the text.
 *
 *     npm ci && deno run -A deploy/wasm.ts
 */
import { run } from "../test/support/process.ts";

const ROOT = new URL("..", import.meta.url).pathname;
const TEXT = `${ROOT}core/kafka/wasm/batch.wat`;

export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

if (import.meta.main) {
  const binary = await Deno.makeTempFile({ suffix: ".wasm" });
  const assembler = `${ROOT}node_modules/wabt/bin/wat2wasm`;
  await run(Deno.execPath(), ["run", "-A", "--quiet", assembler, TEXT, "-o", binary]);
  const base64 = (await Deno.readFile(binary)).toBase64();
  await Deno.remove(binary);
  const hash = await sha256(await Deno.readFile(TEXT));
  const rows = base64.match(/.{1,92}/g)!.map((row) => `  "${row}",`);
  await Deno.writeTextFile(
    `${ROOT}core/kafka/wasm/batch_module.ts`,
    `/** batch.wat as bytes. Written by deploy/wasm.ts: change the .wat and run it. */

/** SHA-256 of the text that the bytes were made of. */
export const TEXT_SHA256 = "${hash}";

/** Base64. */
export const BINARY = [
${rows.join("\n")}
].join("");
`,
  );
}
