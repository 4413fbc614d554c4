/** Secrets are files: their path stands in the settings, their content nowhere. */
import { WeirError } from "./errors.ts";

/** The text of a file that a setting names. Throws SECRET_UNREADABLE. */
export function readSecretFile(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    throw new WeirError("SECRET_UNREADABLE", `Cannot read "${path}": ${(error as Error).message}`, {
      hint: "Check the path and that this program's user may read the file.",
      cause: error,
    });
  }
}

/** A password, token or key: the text without the line end behind it. */
export function readSecret(path: string): string {
  return readSecretFile(path).replace(/\r?\n$/, "");
}
