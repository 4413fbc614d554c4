/**
 * What an executable runs first. `--version` is answered before the program's bundle is read: that takes a tenth of the
 * CPU time, and package managers, health checks and people ask for it. Anything else loads the bundle.
 */
import { VERSION } from "../core/metrics/registry.ts";

/** Source of the module that is compiled as `program`; the bundle lies beside it as `<program>.js`. */
export function startSource(program: string, version = VERSION): string {
  return `if (Deno.args.length === 1 && Deno.args[0] === "--version") {
  console.log(${JSON.stringify(version)});
  Deno.exit(0);
}
await import("./${program}.js");
`;
}
