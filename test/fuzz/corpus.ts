/** The inputs that are kept in test/fuzz/corpus: one folder a target, one file an input, bytes as they are. */
import { Buffer } from "node:buffer";

const FOLDER = new URL("./corpus/", import.meta.url).pathname;

/** Inputs of a target by file name, in the order of the names. */
export async function corpusOf(target: string): Promise<Map<string, Uint8Array>> {
  const names: string[] = [];
  for await (const entry of Deno.readDir(FOLDER + target)) {
    if (entry.isFile) names.push(entry.name);
  }
  const found = new Map<string, Uint8Array>();
  for (const name of names.sort()) {
    found.set(name, await Deno.readFile(`${FOLDER}${target}/${name}`));
  }
  return found;
}

/** Keeps an input; returns the path of its file. */
export async function keep(target: string, input: Uint8Array): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", input as Uint8Array<ArrayBuffer>);
  const path = `${FOLDER}${target}/found-${Buffer.from(hash).toString("hex", 0, 4)}.bin`;
  await Deno.mkdir(FOLDER + target, { recursive: true });
  await Deno.writeFile(path, input);
  return path;
}
