/** `weir schema NAME`: the JSON Schema of a settings file, for editors. */
import { Command } from "commander";
import { jsonSchema } from "../core/config/reference.ts";
import { WeirError } from "../core/errors.ts";
import { KEY_FORMS, SPECIFICATIONS } from "./specifications.ts";

export function schemaCommand(): Command {
  return new Command("schema")
    .description("print the JSON Schema of a settings file")
    .argument("<name>", Object.keys(SPECIFICATIONS).join(", "))
    .action((name: string) => {
      const { schema, title } = specificationOf(name);
      console.log(JSON.stringify(jsonSchema(schema, title), null, 2));
    });
}

/** Throws USAGE_UNKNOWN_NAME with the names that there are. */
export function specificationOf(name: string) {
  const found = SPECIFICATIONS[name] ?? KEY_FORMS[name];
  if (found !== undefined) return found;
  throw new WeirError("USAGE_UNKNOWN_NAME", `No settings are called "${name}"`, {
    hint: `There are: ${Object.keys(SPECIFICATIONS).join(", ")}`,
  });
}
