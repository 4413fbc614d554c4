/** Modules whose content is made at build time, by the end of their path: what the executables carry inside. */
import { Buffer } from "node:buffer";
import { bundlePage } from "../search/page/build.ts";
import { embeddedScanWorker } from "../search/store/build.ts";

/** Source text of each module that takes the place of one in the tree. */
export async function embeddedModules(): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const [path, bytes] of await bundlePage()) {
    files[path] = Buffer.from(bytes).toString("base64");
  }
  const page = `
    import { Buffer } from "node:buffer";
    const files = ${JSON.stringify(files)};
    export function pageFiles() {
      const decoded = Object.entries(files).map(([path, text]) => [path, Buffer.from(text, "base64")]);
      return Promise.resolve(new Map(decoded.map(([path, bytes]) => [path, new Uint8Array(bytes)])));
    }`;
  return {
    "search/page/embedded.ts": page,
    "search/store/embedded.ts": await embeddedScanWorker(),
  };
}
