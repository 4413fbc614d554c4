/** weir: everything in one process (`weir up`), and the operator's commands. */
import { EXIT } from "../core/errors.ts";
import { fail } from "../core/program.ts";
import { weirCommand } from "./commands.ts";

try {
  await weirCommand().parseAsync(Deno.args, { from: "user" });
  Deno.exit(EXIT.ok);
} catch (error) {
  Deno.exit(fail("weir", error));
}
