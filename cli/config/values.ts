/** Values of a target: checked as the program that gets them checks them, before anything is written. */
import { parseEntries } from "../../agent/tail/entries.ts";
import { messageOf, WeirError } from "../../core/errors.ts";
import type { Target } from "../../core/fleet/keys.ts";
import { parseRules } from "../../transfer/topics/rules.ts";

const VALUE_BYTES_MAX = 1_000_000;

/** Throws CONFIG_INVALID with the place of each fault, CONFIG_TOO_LARGE. Returns how many entries there are. */
export function checkValue(target: Target, text: string, name: string): number {
  const bytes = new TextEncoder().encode(text).length;
  if (bytes > VALUE_BYTES_MAX) {
    throw new WeirError("CONFIG_TOO_LARGE", `${name} has ${bytes} bytes, etcd takes 1.5 MB`, {
      hint: "Put what several hosts have in common into a group.",
    });
  }
  const entries = target.kind === "topics" ? parseRules(text, name) : parseEntries(text, name);
  return entries.length;
}

/** A file's text, or standard input's for "-". Throws CONFIG_UNREADABLE. */
export async function readValue(file: string): Promise<string> {
  try {
    if (file !== "-") return await Deno.readTextFile(file);
    return await new Response(Deno.stdin.readable).text();
  } catch (error) {
    throw new WeirError("CONFIG_UNREADABLE", `Cannot read "${file}": ${messageOf(error)}`, {
      hint: "Give a file, or - for standard input.",
    });
  }
}
