/** Settings from a file that somebody named: read, expanded from the environment and checked. */
import type { z } from "zod";
import { messageOf, WeirError } from "../errors.ts";
import { loadSettings } from "./load.ts";

/**
 * Throws CONFIG_UNREADABLE with `hint` where the file cannot be read, else what loadSettings() throws.
 * @param hint what the person can do: which option names another file
 */
export function readSettingsFile<S extends z.ZodType>(
  schema: S,
  file: string,
  hint: string,
): z.output<S> {
  let source: string;
  try {
    source = Deno.readTextFileSync(file);
  } catch (error) {
    throw new WeirError("CONFIG_UNREADABLE", `Cannot read "${file}": ${messageOf(error)}`, {
      hint,
    });
  }
  return loadSettings(schema, source, { name: file, env: (name) => Deno.env.get(name) });
}
