/** One program a state folder: a lock on a file in it, which ends with the process however that ends. */
import { WeirError } from "./errors.ts";

/**
 * Takes the lock, or rejects with STATE_LOCKED where another process holds it. The returned function gives it back.
 * @param waitMs how long a process that is just ending may take
 */
export async function lockState(folder: string, waitMs = 2000): Promise<() => void> {
  const path = `${folder}/lock`;
  let file: Deno.FsFile;
  try {
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    file = await Deno.open(path, { write: true, create: true, mode: 0o600 });
  } catch (error) {
    throw new WeirError(
      "STATE_UNWRITABLE",
      `Cannot use the state folder "${folder}": ${(error as Error).message}`,
      {
        hint: "Let this program's user write there, or choose another folder.",
        cause: error,
      },
    );
  }
  // There is no tryLock on the runtime of the executables; a lock that waits is left to the end of the process.
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<"late">((resolve) => timer = setTimeout(() => resolve("late"), waitMs));
  const result = await Promise.race([file.lock(true).then(() => "locked" as const), late]);
  clearTimeout(timer);
  if (result === "late") {
    throw new WeirError(
      "STATE_LOCKED",
      `Cannot use the state folder "${folder}": another process uses it`,
      {
        hint: "Stop the other one, or give this one a state folder of its own.",
      },
    );
  }
  return () => file.close();
}
