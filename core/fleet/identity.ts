/** Names of processes: random ones, and one that a state folder keeps. */
import { randomBytes } from "node:crypto";
import { messageOf, WeirError } from "../errors.ts";

/** 12 characters that nothing else has. */
export function randomId(): string {
  return randomBytes(9).toString("base64url").replace(/[-_]/g, "x");
}

/** The id that a state folder keeps over restarts, made where there is none. Rejects with STATE_UNWRITABLE. */
export async function keptId(folder: string): Promise<string> {
  const path = `${folder}/id`;
  try {
    const text = (await Deno.readTextFile(path).catch(() => "")).trim();
    if (/^[A-Za-z0-9]{8,64}$/.test(text)) return text;
    const id = randomId();
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    await Deno.writeTextFile(path, `${id}\n`, { mode: 0o600 });
    return id;
  } catch (error) {
    throw new WeirError("STATE_UNWRITABLE", `Cannot write "${path}": ${messageOf(error)}`, {
      hint: "Let this program's user write there, or choose another folder.",
      cause: error,
    });
  }
}
