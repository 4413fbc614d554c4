/**
 * Writes every file that is generated from code: dashboards, the reference of settings. With --check it writes nothing
 * and fails where a committed file is not what the code gives.
 */
import { generated as dashboardFiles } from "../grafana/generate.ts";
import { jsonSchema, referencePage } from "../core/config/reference.ts";
import { KEY_FORMS, SPECIFICATIONS } from "../cli/specifications.ts";
import { indexTemplate } from "./flink/index_template.ts";
import { objectsNdjson } from "./kibana/objects.ts";
import { errorPage } from "./error_reference.ts";

const ROOT = new URL("..", import.meta.url).pathname;

/** Content by path below the checkout. */
export function generatedFiles(): Map<string, string> {
  const files = new Map<string, string>(dashboardFiles());
  for (const [name, { title, schema }] of Object.entries(SPECIFICATIONS)) {
    files.set(`docs/reference/${name}.md`, referencePage(schema, title));
  }
  files.set("deploy/kibana/objects.ndjson", objectsNdjson());
  files.set("deploy/flink/index_template.json", indexTemplate());
  for (const [name, { title, schema }] of Object.entries(KEY_FORMS)) {
    files.set(`docs/reference/${name}.md`, referencePage(schema, title));
  }
  const { collect, topics } = SPECIFICATIONS;
  for (const [name, { title, schema }] of Object.entries({ ...KEY_FORMS, collect, topics })) {
    const text = JSON.stringify(jsonSchema(schema, title), null, 2);
    files.set(`docs/reference/${name}.schema.json`, `${text}\n`);
  }
  files.set("docs/errors.md", errorPage(sources()));
  return files;
}

/** Sources of the programs, by path below the checkout; tests are left out. */
function sources(): Map<string, string> {
  const found = new Map<string, string>();
  const walk = (folder: string) => {
    const entries = [...Deno.readDirSync(ROOT + folder)].sort((a, b) => a.name < b.name ? -1 : 1);
    for (const { name, isDirectory } of entries) {
      const path = `${folder}/${name}`;
      if (isDirectory) walk(path);
      else if (/\.tsx?$/.test(name) && !/_test\.tsx?$|conformance/.test(name)) {
        found.set(path, Deno.readTextFileSync(ROOT + path));
      }
    }
  };
  for (const folder of ["agent", "cli", "core", "monitor", "search", "transfer"]) walk(folder);
  return found;
}

if (import.meta.main) {
  const stale: string[] = [];
  for (const [path, content] of generatedFiles()) {
    const now = await Deno.readTextFile(ROOT + path).catch(() => undefined);
    if (now === content) continue;
    stale.push(path);
    if (Deno.args.includes("--check")) continue;
    await Deno.mkdir((ROOT + path).replace(/\/[^/]*$/, ""), { recursive: true });
    await Deno.writeTextFile(ROOT + path, content);
  }
  for (const path of stale) {
    console.log(Deno.args.includes("--check") ? `not current: ${path}` : `written: ${path}`);
  }
  if (Deno.args.includes("--check") && stale.length > 0) {
    console.error("Run: npm run generate");
    Deno.exit(1);
  }
}
