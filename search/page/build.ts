/**
 * Bundles the pages with esbuild: a script and a style each, no request leaves for anywhere else. Takes some 50 ms, so
 * from source the server does it at each start; an executable has the result inside.
 */

/** Files by path: "/", "/fleet", "/script.js", "/fleet.js" and the styles. @param minify @default {true} */
export async function bundlePage(minify = true): Promise<Map<string, Uint8Array>> {
  // Imported when asked for: an executable never is.
  const { build, stop } = await import("esbuild");
  const folder = new URL(".", import.meta.url).pathname;
  const result = await build({
    entryPoints: { script: `${folder}main.tsx`, fleet: `${folder}fleet/main.tsx` },
    outdir: folder,
    bundle: true,
    minify,
    write: false,
    format: "esm",
    target: "es2022",
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    logLevel: "silent",
  });
  await stop();
  return new Map<string, Uint8Array>([
    ["/", await Deno.readFile(`${folder}index.html`)],
    ["/fleet", await Deno.readFile(`${folder}fleet/index.html`)],
    ...result.outputFiles.map(({ path, contents }): [string, Uint8Array] => [
      path.slice(path.lastIndexOf("/")),
      contents,
    ]),
    ["/style.css", await Deno.readFile(`${folder}style.css`)],
    ["/fleet.css", await Deno.readFile(`${folder}fleet/style.css`)],
    ["/icon.svg", await Deno.readFile(`${folder}icon.svg`)],
  ]);
}
