/**
 * Builds the four executables into dist/: bundle, then `deno compile`. The same sources give the same bytes. The base
 * that deno embeds is fetched by deno itself, or taken from DENORT_BIN.
 *
 *     deno run -A deploy/build.ts [--target=TRIPLE] [--out=FOLDER] [--as-version=TEXT] [PROGRAM…]
 */
import { messageOf, WeirError } from "../core/errors.ts";
import { bundleProgram, stopBundler } from "./bundle.ts";
import { BUILD_TIME } from "./epoch.ts";
import { embeddedModules } from "./embedded.ts";
import { startSource } from "./start.ts";
import { VERSION } from "../core/metrics/registry.ts";

const ROOT = new URL("..", import.meta.url).pathname;

interface Program {
  name: string;
  entry: string;
  /** Fixed into the executable. Addresses, roots and folders are the site's, so they cannot be narrower. */
  permissions: string[];
  /** Further flags for V8. */
  v8Flags?: string;
}

/**
 * A pattern whose matching would go through exponentially many ways is matched by the linear engine instead: log text
 * and queries come from anybody, and a match cannot be interrupted.
 */
const V8_FLAGS = "--v8-flags=--enable-experimental-regexp-engine-on-excessive-backtracks";
/** core/memory.ts collects when the program is at rest. */
const COLLECT_AT_REST = ",--expose-gc";
/**
 * The store reads blocks as text, garbage a moment later: without these the heap grows over 300 MB before V8 thinks
 * of collecting it; with them all of `weir up` stays near 200 MB and is no slower. None of them is a limit.
 */
const SMALL_HEAP = ",--max-semi-space-size=2,--initial-old-space-size=16,--heap-growing-percent=50";
/**
 * On a busy host V8's thread for optimised code waits while the slow code runs on, at up to twice the CPU time.
 * Compiling at once takes the same time whatever else runs.
 */
const COMPILE_AT_ONCE = ",--no-concurrent-recompilation";
/**
 * V8 lets old objects grow to hundreds of MB before it looks at them for the first time. A transfer's are few and
 * short-lived: with this start it looks early, at no cost that could be measured. Smaller ones, or a slower growth,
 * cost CPU.
 */
const EARLY_LOOK = ",--initial-old-space-size=48";
const NARROW = ["--allow-read", "--allow-write", "--allow-net", "--allow-env", "--allow-sys"];

export const PROGRAMS: readonly Program[] = [
  {
    name: "weir-agent",
    entry: "agent/main.ts",
    permissions: NARROW,
    v8Flags: COLLECT_AT_REST,
  },
  {
    name: "weir-transfer",
    entry: "transfer/main.ts",
    permissions: NARROW,
    v8Flags: COMPILE_AT_ONCE + EARLY_LOOK + COLLECT_AT_REST,
  },
  // Deno reads /proc and /sys with all permissions alone; systemd confines the program.
  {
    name: "weir-monitor",
    entry: "monitor/main.ts",
    permissions: ["--allow-all"],
    v8Flags: COLLECT_AT_REST,
  },
  // `weir up` asks journalctl, which is a program to run, and reads /proc.
  {
    name: "weir",
    entry: "cli/main.ts",
    permissions: ["--allow-all"],
    v8Flags: SMALL_HEAP,
  },
];

interface BuildOptions {
  target: string;
  /** Folder of the executables. */
  folder: string;
  version: string;
}

async function build(names: readonly string[], options: BuildOptions): Promise<void> {
  const { target, folder, version } = options;
  const programs = PROGRAMS.filter(({ name }) => names.length === 0 || names.includes(name));
  if (programs.length === 0) {
    throw new WeirError(
      "BUILD_USAGE",
      `No program of that name; there are: ${PROGRAMS.map((p) => p.name).join(", ")}`,
    );
  }
  const work = `${folder}/build`;
  await Deno.mkdir(`${work}/js`, { recursive: true });
  await copyProtocols(`${work}/proto`);
  const virtual = await embeddedModules();
  for (const program of programs) {
    const since = performance.now();
    await bundleProgram({
      entry: ROOT + program.entry,
      out: `${work}/js/${program.name}.js`,
      virtual,
      version,
    });
    const start = `${work}/js/${program.name}_start.js`;
    await Deno.writeTextFile(start, startSource(program.name, version));
    for (const path of [start, `${work}/js/${program.name}.js`]) await fixTime(path);
    const out = `${folder}/${program.name}${target.includes("windows") ? ".exe" : ""}`;
    await compile(program, start, work, out, target);
    const size = (await Deno.stat(out)).size / 1e6;
    console.log(
      `${out.replace(ROOT, "")}  ${size.toFixed(1)} MB  ${
        ((performance.now() - since) / 1000).toFixed(1)
      } s`,
    );
  }
  await stopBundler();
}

/** The compiler notes when the files inside were changed; the same for every build, so that builds are equal. */
async function fixTime(path: string): Promise<void> {
  await Deno.utime(path, BUILD_TIME, BUILD_TIME);
}

/** etcd3 reads its protocol files at run time, from the folder beside its own. */
async function copyProtocols(to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const entry of Deno.readDir(`${ROOT}node_modules/etcd3/proto`)) {
    if (entry.isFile) {
      await Deno.copyFile(`${ROOT}node_modules/etcd3/proto/${entry.name}`, `${to}/${entry.name}`);
      await fixTime(`${to}/${entry.name}`);
    }
  }
}

async function compile(
  program: Program,
  start: string,
  work: string,
  out: string,
  target: string,
): Promise<void> {
  const command = new Deno.Command(Deno.execPath(), {
    args: [
      "compile",
      "--quiet",
      "--no-check",
      "--no-prompt",
      "--no-code-cache",
      V8_FLAGS + (program.v8Flags ?? ""),
      "--no-config",
      "--node-modules-dir=none",
      ...program.permissions,
      ...(target === "" ? [] : [`--target=${target}`]),
      `--include=${work}/proto`,
      `--output=${out}`,
      start,
    ],
    // Away from node_modules: the compiler would embed it.
    cwd: `${work}/js`,
    env: { NO_COLOR: "1", RUST_MIN_STACK: "67108864" },
    stdout: "piped",
    stderr: "piped",
  });
  const { success, stderr } = await command.output();
  if (success) return;
  throw new WeirError(
    "BUILD_NO_BASE",
    `Cannot compile ${program.name}: ${new TextDecoder().decode(stderr).trim()}`,
    {
      hint: "Where deno cannot download its runtime base (denort), set DENORT_BIN to one.",
    },
  );
}

if (import.meta.main) {
  const option = (name: string) =>
    Deno.args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);
  try {
    await build(Deno.args.filter((arg) => !arg.startsWith("--")), {
      target: option("target") ?? "",
      folder: option("out") ?? `${ROOT}dist`,
      version: option("as-version") ?? VERSION,
    });
  } catch (error) {
    console.error(messageOf(error), error instanceof WeirError ? `\n${error.hint}` : "");
    Deno.exit(1);
  }
}
