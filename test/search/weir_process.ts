/** `weir ARGS…` as a process, from source or as the executable where it has been built. */
import { type Program, startProgram } from "../support/process.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const EXECUTABLE = `${Deno.env.get("WEIR_TEST_DIST") ?? `${ROOT}dist`}/weir`;

/** Names of the ways in which it can be started here. */
export function ways(): string[] {
  try {
    Deno.statSync(EXECUTABLE);
    return ["from source", "as executable"];
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return ["from source"]; // not built: only the source is tested
  }
}

export function weir(way: string, args: readonly string[]): Program {
  const source = ["run", "-A", "--quiet", "--no-check", "cli/main.ts"];
  return startProgram(
    way === "from source" ? Deno.execPath() : EXECUTABLE,
    [...(way === "from source" ? source : []), ...args],
    { cwd: ROOT, env: { NO_COLOR: "1", TZ: "UTC", WEIR_TOKEN: "", WEIR_PASSWORD: "" } },
  );
}

/** Waits until it says where it is; the URL ends with a slash. */
export async function addressOf(program: Program): Promise<string> {
  return (await program.waitForLine(/Weir is at\s+(http:\S+)/))[1];
}
