/** A text changed in the person's editor; a wrong one is shown again with what is wrong, nothing is lost. */
import { messageOf, WeirError } from "../../core/errors.ts";

const TRIES_MAX = 10;

/**
 * Throws CONFIG_EDITOR where no editor runs or it fails, and CONFIG_EDITED with the last fault after ten wrong tries,
 * or where nobody can be asked; the text is kept in a file then.
 */
export async function edited(text: string, check: (text: string) => unknown): Promise<string> {
  const [command, ...args] = (Deno.env.get("VISUAL") ?? Deno.env.get("EDITOR") ?? "vi").split(" ");
  const file = await Deno.makeTempFile({ prefix: "weir-", suffix: ".json" });
  let isKept = false;
  try {
    await Deno.writeTextFile(file, text);
    for (let tries = 1;; tries++) {
      const { success } = await new Deno.Command(command, { args: [...args, file] }).spawn().status
        .catch((error) => {
          throw new WeirError("CONFIG_EDITOR", `Cannot run ${command}: ${messageOf(error)}`, {
            hint: "Set EDITOR to an editor that is there.",
          });
        });
      if (!success) throw new WeirError("CONFIG_EDITOR", `${command} failed: nothing was changed`);
      const after = await Deno.readTextFile(file);
      try {
        check(after);
        return after;
      } catch (error) {
        if (tries >= TRIES_MAX || !Deno.stdin.isTerminal()) {
          isKept = true;
          throw new WeirError("CONFIG_EDITED", messageOf(error), {
            hint: `Nothing was changed. The text is kept: mend ${file} and give it to config set.`,
          });
        }
        console.error(messageOf(error));
        prompt("Enter opens the editor again, Ctrl-C ends.");
      }
    }
  } finally {
    if (!isKept) await Deno.remove(file).catch(() => {}); // moved by the editor
  }
}
