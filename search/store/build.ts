/** Bundles the second thread's program for the executables, which carry it as a data URL. */
import { Buffer } from "node:buffer";
import * as esbuild from "esbuild";

/** Source of the module that takes the place of embedded.ts in a bundle. */
export async function embeddedScanWorker(): Promise<string> {
  const result = await esbuild.build({
    entryPoints: [new URL("./scan_worker_main.ts", import.meta.url).pathname],
    bundle: true,
    write: false,
    platform: "node",
    format: "esm",
    target: "es2022",
    minify: true,
    legalComments: "none",
    logLevel: "silent",
    external: ["node:*"],
  });
  const code = Buffer.from(result.outputFiles[0].contents).toString("base64");
  const url = `data:application/javascript;base64,${code}`;
  return `export function scanWorkerUrl() { return ${JSON.stringify(url)}; }`;
}
