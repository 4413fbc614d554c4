/** How the operator's commands end: with one exit code, whatever the client of etcd still holds open. */
import { EXIT, WeirError } from "../../core/errors.ts";
import { fail } from "../../core/program.ts";

/** Runs a command to its end and ends the process: the client of etcd keeps it alive. */
export async function guarded(
  work: () => Promise<number | void>,
  name = "weir config",
): Promise<never> {
  try {
    Deno.exit(await work() ?? EXIT.ok);
  } catch (error) {
    const code = fail(name, error);
    Deno.exit(error instanceof WeirError && REFUSED.includes(error.code) ? EXIT.runtime : code);
  }
}

/** No fault of the settings: what was asked for did not happen. */
const REFUSED = ["CONFIG_CONFLICT", "CONFIG_TAKEN_BACK", "CONFIG_TRIAL_RUNS"];
