/**
 * Bundles the page with esbuild: three files, no request leaves for anywhere else. Takes some 50 ms, so from source
 * the server does it at each start; an executable has the result inside.
 */

/** Files by path: "/", "/script.js", "/style.css". @param minify @default {true} */
export async function bundlePage(minify = true): Promise<Map<string, Uint8Array>> {
  // Imported when asked for: an executable never is.
  const { build, stop } = await import("esbuild");
  const folder = new URL(".", import.meta.url).pathname;
  const result = await build({
    entryPoints: [`${folder}main.tsx`],
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
  return new Map([
    ["/", await Deno.readFile(`${folder}index.html`)],
    ["/script.js", result.outputFiles[0].contents],
    ["/style.css", await Deno.readFile(`${folder}style.css`)],
    ["/icon.svg", await Deno.readFile(`${folder}icon.svg`)],
  ]);
}
