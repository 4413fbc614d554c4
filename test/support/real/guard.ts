/**
 * A server's process. A shell of a session of its own starts it and looks every half second whether the process that
 * asked is still there; when it is not, the server is killed and its folder removed. So a server outlives neither a
 * crash nor Ctrl-C, and nothing of it is left in the resource table that Deno's tests check for leaks. A server that is
 * to be kept has no such watcher; its folder goes when it ends.
 */
import { waitFor } from "../wait.ts";

// The pid comes on standard output, which the shells that stay then let go of.
const GUARD = `
owner=$1 folder=$2 log=$3 input=$4; shift 4
(
  "$@" >>"$log" 2>&1 <"$input" &
  server=$!
  echo "$server"
  exec >/dev/null
  if [ "$owner" = nobody ]; then
    wait "$server"
    rm -rf -- "$folder"
    exit
  fi
  ( while kill -0 "$owner"; do sleep 0.5; done; kill -9 "$server" ) &
  watcher=$!
  wait "$server"
  kill -9 "$watcher"
  kill -0 "$owner" || rm -rf -- "$folder"
) 2>/dev/null &
`;

export interface GuardedCommand {
  /** Removed when the process that asked is gone. */
  folder: string;
  /** File that gets both output streams, at its end. */
  log: string;
  command: readonly string[];
  /** The whole environment. */
  env: Record<string, string>;
  /** File for standard input. @default {"/dev/null"} */
  input?: string;
  /** Lets it outlive the process that asked. @default {false} */
  keep?: boolean;
}

/** A process that is known by its pid and its start, so that a pid used again is never taken for it. */
export class GuardedProcess {
  readonly pid: number;
  readonly #startTicks: string;

  private constructor(pid: number, startTicks: string) {
    this.pid = pid;
    this.#startTicks = startTicks;
  }

  static async start(guarded: GuardedCommand): Promise<GuardedProcess> {
    const { folder, log, command, env, input = "/dev/null", keep = false } = guarded;
    const owner = keep ? "nobody" : String(Deno.pid);
    const { stdout, success } = await new Deno.Command("setsid", {
      args: ["sh", "-c", GUARD, "sh", owner, folder, log, input, ...command],
      cwd: folder,
      env,
      clearEnv: true,
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).output();
    const pid = Number(new TextDecoder().decode(stdout));
    if (!success || !(pid > 1)) throw new Error(`Cannot start ${command[0]}: no process`);
    return new GuardedProcess(pid, startTicksOf(pid) ?? "");
  }

  get alive(): boolean {
    return this.#startTicks !== "" && startTicksOf(this.pid) === this.#startTicks;
  }

  signal(name: Deno.Signal): void {
    if (!this.alive) return;
    try {
      Deno.kill(this.pid, name);
    } catch (error) {
      // It ended between the look and the call.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  /** Waits until it has ended; throws after `timeoutMs`. */
  async gone(timeoutMs: number): Promise<void> {
    await waitFor(`the end of process ${this.pid}`, () => !this.alive, { timeoutMs });
  }
}

/** When a process began, in clock ticks since boot; undefined for none and for one that has ended. */
export function startTicksOf(pid: number): string | undefined {
  let text: string;
  try {
    text = Deno.readTextFileSync(`/proc/${pid}/stat`);
  } catch {
    return undefined; // there is none
  }
  const fields = text.slice(text.lastIndexOf(") ") + 2).split(" ");
  return fields[0] === "Z" ? undefined : fields[19];
}
