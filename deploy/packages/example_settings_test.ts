import assert from "node:assert/strict";
import { loadSettings } from "../../core/config/load.ts";
import { SPECIFICATIONS } from "../../cli/specifications.ts";
import { exampleSettings } from "./example_settings.ts";

const env = () => undefined;
const PROGRAMS = ["agent", "transfer", "monitor"];

for (const name of PROGRAMS) {
  const { schema } = SPECIFICATIONS[name];
  const defaults = loadSettings(schema, "", { name: "empty", env });
  const text = exampleSettings(schema, `weir-${name}`);

  Deno.test(`the installed settings of ${name} mean the defaults`, () => {
    assert.deepEqual(loadSettings(schema, text, { name: "example", env }), defaults);
  });

  Deno.test(`every line of ${name}'s settings that is a setting is valid when its # is taken away`, () => {
    const lines = text.split("\n").filter((line) => /^# *[A-Za-z][A-Za-z0-9]*:(?: |$)/.test(line));
    assert.ok(lines.length > 10, `${lines.length} settings found`);
    const settings = lines.filter((line) => !/^# [A-Za-z]/.test(line));
    const uncommented = settings.map((line) => line.slice(1)).join("\n");
    assert.deepEqual(loadSettings(schema, uncommented, { name: "example", env }), defaults);
  });

  Deno.test(`no line of ${name}'s settings is longer than 100 characters, but for values`, () => {
    const long = text.split("\n").filter((line) => /^# *#? [A-Z]/.test(line) && line.length > 100);
    assert.deepEqual(long, []);
  });
}
