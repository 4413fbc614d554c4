/**
 * The test run: `npm test`. Checks form, lint and types, runs the unit tests, starts one set of real servers, builds the
 * executables, runs each folder under test/ within its minutes. The last line is `N passed, N failed` alone, with
 * `, N skipped` behind it where something was skipped, whose reasons stand above it.
 *
 *     npm test                     everything
 *     npm test -- e2e monitor      these folders of test/ alone (unit: the unit tests)
 *     npm run ok                   form, lint, types, unit tests, tidy: no server
 */
import { BUDGET_MINUTES, NEED_EXECUTABLES, NEED_SERVERS } from "./budgets.ts";
import { countsOf, type Outcome } from "./support/outcome.ts";

const ROOT = new URL("..", import.meta.url).pathname;
const UNIT = ["core", "agent", "transfer", "monitor", "search", "cli", "deploy", "grafana"];
const SERVERS = ["kafka", "elasticsearch", "etcd", "influxdb"] as const;

const total: Outcome = { passed: 0, failed: 0, skipped: 0 };
const failures: string[] = [];
const skipReasons: string[] = [];
const started = performance.now();

function say(text: string): void {
  console.log(`[${((performance.now() - started) / 1000).toFixed(0).padStart(4)} s] ${text}`);
}

interface Ran {
  success: boolean;
  output: string;
  seconds: number;
  late: boolean;
}

/** Runs deno with its output shown and kept; ends it when its minutes are over. */
async function deno(args: string[], env: Record<string, string>, minutes: number): Promise<Ran> {
  const since = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args,
    cwd: ROOT,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill("SIGKILL");
  }, minutes * 60_000);
  let output = "";
  const show = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder();
    for await (const bytes of stream) {
      output += decoder.decode(bytes, { stream: true });
      await Deno.stdout.write(bytes);
    }
  };
  const [status] = await Promise.all([child.status, show(child.stdout), show(child.stderr)]);
  clearTimeout(timer);
  return { success: status.success, output, seconds: (performance.now() - since) / 1000, late };
}

/** A check counts as one test. */
async function check(name: string, args: string[]): Promise<void> {
  say(name);
  const { success, output } = await deno(args, {}, 5);
  if (success) total.passed++;
  else {
    total.failed++;
    failures.push(`${name}:\n${output.slice(-4000)}`);
  }
}

async function suite(name: string, paths: string[], env: Record<string, string>): Promise<void> {
  const minutes = BUDGET_MINUTES[name];
  if (minutes === undefined) {
    total.failed++;
    failures.push(`${name} has tests and no budget: give it minutes in test/budgets.ts`);
    return;
  }
  say(`${name} (${minutes} min)`);
  const ran = await deno(["test", "-A", "--no-check", ...paths], env, minutes);
  const counts = countsOf(ran.output);
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
  if (counts.skipped > 0) {
    skipReasons.push(`${name}: ${counts.skipped} skipped`, ...reasonsOf(ran.output));
  }
  if (ran.late || (!ran.success && counts.failed === 0)) total.failed++;
  if (ran.late) failures.push(`${name} took more than its ${minutes} minutes and was ended`);
  else if (!ran.success) failures.push(`${name}:\n${failedPart(ran.output)}`);
  say(`${name}: ${counts.passed} passed, ${counts.failed} failed, ${ran.seconds.toFixed(1)} s`);
}

function failedPart(output: string): string {
  const at = output.search(/^\s*ERRORS\s*$/m);
  return (at < 0 ? output.slice(-4000) : output.slice(at, at + 8000)).trim();
}

/** Tests print why they skip: a line "skipped: …". */
function reasonsOf(output: string): string[] {
  return [...new Set(output.match(/^skipped: .*$/gm) ?? [])];
}

/** Folders under test/ that hold tests. */
async function testFolders(): Promise<string[]> {
  const folders: string[] = [];
  for await (const entry of Deno.readDir(`${ROOT}test`)) {
    if (!entry.isDirectory) continue;
    for await (const file of Deno.readDir(`${ROOT}test/${entry.name}`)) {
      if (!/_test\.tsx?$/.test(file.name)) continue;
      folders.push(`test/${entry.name}`);
      break;
    }
  }
  const order = Object.keys(BUDGET_MINUTES);
  return folders.sort((a, b) => order.indexOf(a) - order.indexOf(b));
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/** Builds dist/ once; where deno can get no base the executables' tests are skipped, and say so. */
async function buildExecutables(): Promise<Record<string, string>> {
  say("executables");
  const { success, output } = await deno(["run", "-A", "deploy/build.ts"], {}, 5);
  if (success) {
    total.passed++;
    return { WEIR_TEST_DIST: `${ROOT}dist` };
  }
  if (/DENORT_BIN/.test(output)) {
    total.skipped++;
    skipReasons.push(
      "skipped: the executables, because deno can fetch no runtime base here and DENORT_BIN is not set",
    );
    return {};
  }
  total.failed++;
  failures.push(`executables:\n${output.slice(-4000)}`);
  return {};
}

async function runFolders(folders: string[]): Promise<void> {
  const env: Record<string, string> = {};
  let stop = () => Promise.resolve();
  if (folders.some((folder) => NEED_EXECUTABLES.includes(folder))) {
    Object.assign(env, await buildExecutables());
  }
  try {
    const first = folders.filter((folder) => !NEED_SERVERS.includes(folder));
    for (const folder of first) await suite(folder, [folder], env);
    const rest = folders.filter((folder) => NEED_SERVERS.includes(folder));
    if (rest.length === 0) return;
    const { startSet } = await import("./support/servers.ts");
    const missing = SERVERS.filter((name) =>
      Deno.env.get(`WEIR_TEST_${name.toUpperCase()}`) === undefined
    );
    const set = await startSet(missing, say);
    stop = set.stop;
    Object.assign(env, set.env);
    for (const folder of rest) await suite(folder, [folder], env);
  } catch (error) {
    total.failed++;
    failures.push(`servers: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    await stop();
  }
}

async function main(): Promise<void> {
  const fast = Deno.args.includes("--fast");
  const asked = Deno.args.filter((arg) => !arg.startsWith("--")).map((name) =>
    name === "unit" || name.startsWith("test/") ? name : `test/${name}`
  );
  if (!(await exists(`${ROOT}node_modules/kafkajs`))) {
    console.error("The packages are not installed. Run: npm ci");
    Deno.exit(69);
  }
  const every = await testFolders();
  const unknown = asked.filter((name) => name !== "unit" && !every.includes(name));
  if (unknown.length > 0) {
    console.error(
      `No such folder of tests: ${unknown.join(", ")}. There are: unit, ${every.join(", ")}`,
    );
    Deno.exit(64);
  }
  if (asked.length === 0) {
    await check("form (deno fmt --check)", ["fmt", "--check", "--quiet"]);
    await check("lint (deno lint)", ["lint", "--quiet"]);
    await check("types (deno check)", ["check", "--quiet", "."]);
    await check("generated files are current", ["run", "-A", "deploy/generate.ts", "--check"]);
  }
  if (asked.length === 0 || asked.includes("unit")) {
    const withTests: string[] = [];
    for (const folder of UNIT) if (await exists(`${ROOT}${folder}`)) withTests.push(folder);
    await suite("unit", withTests, {});
  }
  const folders = asked.length > 0
    ? every.filter((folder) => asked.includes(folder))
    : fast
    ? every.filter((folder) => folder === "test/tidy")
    : every;
  await runFolders(folders);
  for (const failure of failures) console.log(`\n--- failed: ${failure}`);
  for (const reason of skipReasons) console.log(reason);
  say("end");
  const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : "";
  console.log(`${total.passed} passed, ${total.failed} failed${skipped}`);
  Deno.exit(total.failed === 0 && total.passed > 0 ? 0 : 1);
}

await main();
