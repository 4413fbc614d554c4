/** Run by `deno test`, where the linter's syntax tree is: writes the mutants of WEIR_SOURCE as JSON to WEIR_OUT. */
import { mutantsOf } from "./mutants.ts";

Deno.test("mutants", async () => {
  const source = await Deno.readTextFile(Deno.env.get("WEIR_SOURCE")!);
  await Deno.writeTextFile(Deno.env.get("WEIR_OUT")!, JSON.stringify(mutantsOf(source)));
});
