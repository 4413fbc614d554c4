/**
 * The test run: `npm test`. Checks form, lint and types, runs the unit tests, builds the executables, starts one set of
 * real servers, runs each folder under test/ within its minutes. Its last line is `N passed, N failed` alone, with
 * `, N skipped` behind it where something was skipped; the reasons stand above.
 *
 *     npm test                     everything
 *     npm test -- e2e monitor      these folders of test/ alone (unit: the unit tests)
 *     npm test -- --long           everything, and the folders that are a task of their own
 *     npm test -- servers --keep   leaves the servers up, and says where they are and how they end
 *     npm run ok                   form, lint, types, unit tests, tidy: no server
 */
import {
  ALONE,
  BESIDE,
  BUDGET_MINUTES,
  LEAVE_BEHIND,
  LONG_MINUTES,
  NEED_EXECUTABLES,
  NEED_SERVERS,
  ONLY_EXECUTABLES,
} from "./budgets.ts";
import { findCommand } from "./support/process.ts";
import { isTestFile, testFolders, unitFolders } from "./support/test_folders.ts";
import { TestRun } from "./support/test_run.ts";

const ROOT = new URL("..", import.meta.url).pathname;
const OPTIONS = ["--fast", "--keep", "--long"];
const EXIT_USAGE = 64, EXIT_UNAVAILABLE = 69;

const run = new TestRun(ROOT);

interface Plan {
  checks: boolean;
  unit: boolean;
  folders: string[];
  keep: boolean;
}

/** What the arguments ask for; ends the process where they cannot be meant. */
async function planOf(args: readonly string[]): Promise<Plan> {
  const every = await testFolders(ROOT);
  const order = Object.keys(BUDGET_MINUTES);
  const place = (name: string) => order.includes(name) ? order.indexOf(name) : order.length;
  every.sort((a, b) => place(a) - place(b));
  const options = args.filter((arg) => arg.startsWith("-"));
  const asked = args.filter((arg) => !arg.startsWith("-"))
    .map((name) => name === "unit" ? name : `test/${name.replace(/^test\/|\/$/g, "")}`);
  const unknown = [
    ...options.filter((option) => !OPTIONS.includes(option)),
    ...asked.filter((name) => name !== "unit" && !every.includes(name)),
  ];
  if (unknown.length > 0) {
    console.error(
      `Cannot run ${unknown.join(", ")}. There are ${OPTIONS.join(", ")}, unit, ${
        every.join(", ")
      }`,
    );
    Deno.exit(EXIT_USAGE);
  }
  const all = asked.length === 0, fast = options.includes("--fast");
  const long = options.includes("--long");
  return {
    checks: all,
    unit: all || asked.includes("unit"),
    folders: every.filter((name) => {
      if (!all) return asked.includes(name);
      return fast ? name === "test/tidy" : long || LONG_MINUTES[name] === undefined;
    }),
    keep: options.includes("--keep"),
  };
}

/** Ends the process where something is missing that nothing here can install. */
function preflight(): void {
  const missing: string[] = [];
  try {
    Deno.statSync(`${ROOT}node_modules/kafkajs`);
  } catch {
    missing.push("the npm packages: npm ci");
  }
  for (const [command, debian] of [["git", "git"], ["setpriv", "util-linux"]]) {
    if (findCommand(command) === undefined) {
      missing.push(`${command}: apt-get install -y ${debian}`);
    }
  }
  if (missing.length === 0) return;
  for (const one of missing) console.error(`Missing: ${one}`);
  Deno.exit(EXIT_UNAVAILABLE);
}

async function checks(): Promise<void> {
  await run.check("form (deno fmt --check)", ["fmt", "--check", "--quiet"]);
  await run.check("lint (deno lint)", ["lint", "--quiet"]);
  await run.check("types (deno check)", ["check", "--quiet", "."]);
  await run.check("generated files are current", ["run", "-A", "deploy/generate.ts", "--check"]);
}

async function folder(name: string, env: Record<string, string>, isBeside = false): Promise<void> {
  const minutes = BUDGET_MINUTES[name] ?? LONG_MINUTES[name], leavesBehind = LEAVE_BEHIND[name];
  await run.suite(name, [name], { minutes, env, leavesBehind, isBeside });
}

/** In turn; those that mostly wait run beside the first of them. */
async function longFolders(names: readonly string[], env: Record<string, string>): Promise<void> {
  const beside = names.filter((name) => BESIDE.has(name));
  const running = beside.map((name) => folder(name, env, names.length > beside.length));
  const alone = names.filter((name) => ALONE.has(name));
  for (const name of names) {
    if (!beside.includes(name) && !alone.includes(name)) await folder(name, env);
  }
  await Promise.all(running);
  for (const name of alone) await folder(name, env);
}

/**
 * Builds dist/ once, for all folders. Returns false where deno can get no base to compile onto; then the folders that
 * only run executables are skipped. Any other fault is a failure.
 */
async function buildExecutables(): Promise<boolean> {
  run.say("executables");
  const built = await run.deno(["run", "-A", "deploy/build.ts"], {}, 5);
  if (built.success) {
    run.pass();
    return true;
  }
  const output = built.stdout + built.stderr;
  if (/Setting up base binary/.test(output) && !Deno.env.get("DENORT_BIN")) return false;
  run.fail(`executables${built.late ? " (ended after 5 minutes)" : ""}:\n${output.slice(-4000)}`);
  return true;
}

/** Counts the tests of a folder, as they stand in its files, as skipped. */
async function skipExecutables(name: string): Promise<void> {
  let tests = 0;
  for await (const entry of Deno.readDir(ROOT + name)) {
    if (!isTestFile(entry.name)) continue;
    const text = await Deno.readTextFile(`${ROOT}${name}/${entry.name}`);
    tests += text.match(/^\s*Deno\.test\(/gm)?.length ?? 0;
  }
  run.skip(
    Math.max(1, tests),
    `${name}, ${tests} tests of the executables: deno cannot fetch its base (denort), and ` +
      "DENORT_BIN names none",
  );
}

/** Folders without servers first, so that their faults show within minutes. */
async function runFolders(plan: Plan): Promise<void> {
  let folders = plan.folders;
  const env: Record<string, string> = {};
  if (folders.some((name) => NEED_EXECUTABLES.includes(name))) {
    if (await buildExecutables()) env.WEIR_TEST_DIST = `${ROOT}dist`;
    else {
      const skipped = folders.filter((name) => ONLY_EXECUTABLES.includes(name));
      for (const name of skipped) await skipExecutables(name);
      folders = folders.filter((name) => !skipped.includes(name));
    }
  }
  const long = folders.filter((name) => LONG_MINUTES[name] !== undefined);
  folders = folders.filter((name) => !long.includes(name));
  for (const name of folders.filter((name) => !NEED_SERVERS.includes(name))) {
    if (name === "test/page") await installBrowser();
    await folder(name, env);
  }
  const rest = folders.filter((name) => NEED_SERVERS.includes(name));
  if (rest.length > 0) await runWithServers(rest, env, plan.keep);
  await longFolders(long, env);
}

async function runWithServers(
  folders: readonly string[],
  env: Record<string, string>,
  keep: boolean,
): Promise<void> {
  const { installServers, missingServers, startSet } = await import("./support/servers.ts");
  const names = missingServers(), say = (text: string) => run.say(text);
  try {
    await installServers(names, say);
    if (folders.includes("test/deploy")) await installDebian();
    const set = await startSet(names, say, keep);
    try {
      for (const name of folders) await folder(name, { ...env, ...set.env });
    } finally {
      if (keep) tellOfServers(set.env, set.pids);
      else await set.stop();
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    run.fail(`servers, so not run: ${folders.join(", ")}\n${why}`, folders.length);
  }
}

function tellOfServers(env: Record<string, string>, pids: readonly number[]): void {
  run.say(`servers are kept; they end with: kill ${pids.join(" ")}`);
  for (const [name, value] of Object.entries(env)) console.log(`export ${name}='${value}'`);
}

/** Not within the minutes of its folder. What goes wrong here the folder's tests say. */
async function installBrowser(): Promise<void> {
  const { chromiumPath } = await import("./page/browser.ts");
  await chromiumPath().catch(() => {});
}

/** So too the system into which packages are installed. */
async function installDebian(): Promise<void> {
  const { installDebianRoot } = await import("./deploy/debian_root.ts");
  await installDebianRoot((text) => run.say(text)).catch(() => {});
}

if (import.meta.main) {
  preflight();
  const plan = await planOf(Deno.args);
  if (plan.checks) await checks();
  if (plan.unit) {
    await run.suite("unit", await unitFolders(ROOT), { minutes: BUDGET_MINUTES.unit });
  }
  await runFolders(plan);
  Deno.exit(run.end());
}
