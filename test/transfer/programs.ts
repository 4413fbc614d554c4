/** weir-transfer as the executable where it has been built, else from source. */
const ROOT = new URL("../../", import.meta.url).pathname;
const EXECUTABLE = `${Deno.env.get("WEIR_TEST_DIST") ?? `${ROOT}dist`}/weir-transfer`;

interface ProgramCommand {
  name: string;
  command: string;
  args: string[];
}

/** weir-transfer with a settings file, saying nothing. */
export function spawnTransfer(config: string): Deno.ChildProcess {
  const { command, args } = transferCommand();
  return new Deno.Command(command, {
    args: [...args, "--config", config],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
}

export function transferCommand(): ProgramCommand {
  try {
    Deno.statSync(EXECUTABLE);
    return { name: "as executable", command: EXECUTABLE, args: [] };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    const args = ["run", "-A", "--quiet", `${ROOT}transfer/main.ts`];
    return { name: "from source", command: Deno.execPath(), args };
  }
}
