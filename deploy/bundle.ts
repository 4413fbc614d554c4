/**
 * Bundles a program into one ES module for the executables: npm packages inside, Node's own modules outside under their
 * `node:` names. A bundle halves the memory of an executable against one with node_modules in it.
 */
import * as esbuild from "esbuild";
import { builtinModules } from "node:module";
import { messageOf, WeirError } from "../core/errors.ts";
import { VERSION } from "../core/metrics/registry.ts";

/**
 * What packages written for CommonJS expect to find. Timers come from Node's module because undici calls `unref` on
 * them; etcd3 looks for its protocol files beside its own folder.
 */
const BANNER = `
import { createRequire as __createRequire } from "node:module";
import { fileURLToPath as __fileURLToPath } from "node:url";
import { dirname as __pathDirname } from "node:path";
import { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate } from "node:timers";
import { Buffer } from "node:buffer";
import process from "node:process";
const require = __createRequire(import.meta.url);
const __filename = __fileURLToPath(import.meta.url);
const __dirname = __pathDirname(__filename);
const global = globalThis;
`;

const bareBuiltins = new Set(
  builtinModules.filter((name) => !name.startsWith("_") && !name.startsWith("node:")),
);

/** Bare built-ins become `node:` ones: Deno knows no others. */
const nodePrefix: esbuild.Plugin = {
  name: "node-prefix",
  setup(build) {
    build.onResolve({ filter: /^[a-z_/]+$/ }, ({ path }) => {
      return bareBuiltins.has(path) ? { path: `node:${path}`, external: true } : undefined;
    });
  },
};

export interface BundleOptions {
  entry: string;
  out: string;
  /** Virtual modules by name, such as the page's files. */
  virtual?: Record<string, string>;
  /** What the program says its version is. @default that of the sources */
  version?: string;
}

/** Gives the one module that names the version another text. */
function versioned(version: string): esbuild.Plugin {
  return {
    name: "version",
    setup(build) {
      build.onLoad({ filter: /core\/metrics\/registry\.ts$/ }, async ({ path }) => {
        const source = await Deno.readTextFile(path);
        const contents = source.replace(
          `VERSION = ${JSON.stringify(VERSION)}`,
          () => `VERSION = ${JSON.stringify(version)}`,
        );
        return { contents, loader: "ts" };
      });
    },
  };
}

/** Writes the bundle. Rejects with BUILD_FAILED and esbuild's messages. */
export async function bundleProgram(options: BundleOptions): Promise<void> {
  const { entry, out, virtual = {}, version = VERSION } = options;
  const embedded: esbuild.Plugin = {
    name: "embedded",
    setup(build) {
      build.onResolve({ filter: /embedded\.ts$/ }, ({ path, resolveDir }) => {
        const name = new URL(path, `file://${resolveDir}/`).pathname;
        const key = Object.keys(virtual).find((known) => name.endsWith(known));
        return key === undefined ? undefined : { path: key, namespace: "embedded" };
      });
      build.onLoad(
        { filter: /.*/, namespace: "embedded" },
        ({ path }) => ({ contents: virtual[path], loader: "ts" }),
      );
    },
  };
  try {
    await esbuild.build({
      entryPoints: [entry],
      outfile: out,
      bundle: true,
      platform: "node",
      format: "esm",
      target: "es2022",
      minify: true,
      keepNames: true,
      legalComments: "none",
      logLevel: "silent",
      banner: { js: BANNER },
      jsx: "automatic",
      jsxImportSource: "preact",
      external: ["node:*"],
      plugins: [nodePrefix, embedded, ...(version === VERSION ? [] : [versioned(version)])],
    });
  } catch (error) {
    throw new WeirError("BUILD_FAILED", `Cannot bundle ${entry}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** Ends esbuild's helper process, which would keep this one alive. */
export async function stopBundler(): Promise<void> {
  await esbuild.stop();
}
