import assert from "node:assert/strict";
import { WeirError } from "../errors.ts";
import {
  addresses,
  bytes,
  choice,
  duration,
  group,
  integer,
  settings,
  text,
  texts,
  urls,
} from "./fields.ts";
import { loadSettings } from "./load.ts";
import { asWritten, hideSecrets, jsonSchema, referencePage } from "./reference.ts";

const schema = settings({
  broker: texts(["127.0.0.1:9092"], 10, { description: "Brokers." }),
  tail: group({
    lineBytesMax: bytes(1024, 1e6, "256KiB", { description: "Longest line." }),
    sweep: duration(100, 3600e3, "10s", { description: "Between two looks." }),
    filesMax: integer(1, 1e6, 10000, { description: "Files at once." }),
  }, { description: "Tailing." }),
  compression: choice(["none", "gzip", "zstd"], "zstd", { description: "Codec." }),
  password: text("", { description: "Secret.", secret: true }),
});

function faultOf(source: string): string {
  try {
    loadSettings(schema, source, {
      name: "agent.yaml",
      env: (name) => name === "HOST" ? "k1:9092" : undefined,
    });
  } catch (error) {
    assert(error instanceof WeirError);
    assert.equal(error.code, "CONFIG_INVALID");
    return error.message;
  }
  throw new Error("accepted");
}

Deno.test("loadSettings() gives the defaults for an empty file", () => {
  const value = loadSettings(schema, "", { name: "x" });
  assert.deepEqual(value.tail, { lineBytesMax: 262144, sweep: 10000, filesMax: 10000 });
  assert.equal(value.compression, "zstd");
});

Deno.test("loadSettings() refuses a time without a unit, and says what was probably meant", () => {
  const notes = { description: "A time." };
  const schema = settings({
    shutdown: duration(0, 600e3, "10s", notes),
    linger: duration(0, 60e3, "20ms", notes),
    forget: duration(60e3, 365 * 86400e3, "14d", notes),
    request: duration(1000, 600e3, "60s", notes),
  });
  const guesses = [
    ["shutdown", 10, "10s"],
    ["shutdown", '"10"', "10s"],
    ["shutdown", 0.5, "0.5s"],
    ["shutdown", 5000, "5000ms"],
    ["linger", 50, "50ms"],
    ["forget", 7, "7d"],
    ["request", 30_000, "30000ms"],
  ] as const;
  for (const [key, value, guess] of guesses) {
    const load = () => loadSettings(schema, `${key}: ${value}`, { name: "x" });
    const number = String(value).replaceAll('"', "");
    assert.throws(load, new RegExp(`"${number}" has no unit, did you mean "${guess}"\\?`));
  }
  assert.throws(
    () => loadSettings(schema, "request: 700", { name: "x" }),
    /"700" has no unit(?!, did you mean)/,
  );
  for (const nothing of ["0", '"0"', "0s"]) {
    assert.equal(loadSettings(schema, `shutdown: ${nothing}`, { name: "x" }).shutdown, 0);
  }
  assert.throws(() => loadSettings(schema, "request: 0", { name: "x" }), /Expected 1000 to/);
  assert.throws(() => loadSettings(schema, "shutdown: 10 weeks", { name: "x" }), /Expected a time/);
});

Deno.test("loadSettings() tells an address without a port, and a node that is no URL", () => {
  const notes = { description: "Where." };
  const schema = settings({ brokers: addresses([], 9, notes), nodes: urls([], 9, notes) });
  const load = (brokers: string, node: string) =>
    loadSettings(schema, JSON.stringify({ brokers: [brokers], nodes: [node] }), { name: "x" });
  for (const broker of ["k1:9092", "10.0.0.1:1", "[::1]:65535", "a-b.example:9092"]) {
    assert.deepEqual(load(broker, "https://es1:9200").brokers, [broker]);
  }
  for (const broker of ["k1", "k1:", ":9092", "k1:90999", "k1:0", "http://k1:9092", "k1:9092/"]) {
    assert.throws(() => load(broker, "http://es1"), /Expected HOST:PORT/, broker);
  }
  for (const node of ["es1:9200", "127.0.0.1:9200", "ftp://es1", ""]) {
    assert.throws(() => load("k1:9092", node), /Expected a URL/, node);
  }
});

Deno.test("loadSettings() converts bytes and times and expands variables", () => {
  const value = loadSettings(
    schema,
    "broker: ['${HOST}', '${PORT:-other:1}']\ntail: {sweep: 2m, lineBytesMax: 5kB}",
    {
      name: "x",
      env: (name) => name === "HOST" ? "k1:9092" : undefined,
    },
  );
  assert.deepEqual(value.broker, ["k1:9092", "other:1"]);
  assert.equal(value.tail.sweep, 120000);
  assert.equal(value.tail.lineBytesMax, 5000);
});

Deno.test("loadSettings() names line, column and the key that was meant", () => {
  const message = faultOf("broker: [a]\ntail:\n  sweeep: 10s\n");
  assert.match(
    message,
    /agent\.yaml:3:3: Unknown key "tail\.sweeep", did you mean "sweep"\?\n {4}sweeep: 10s\n {4}\^/,
  );
});

Deno.test("loadSettings() points at a value of the wrong type, out of bounds or without unit", () => {
  assert.match(
    faultOf("tail:\n  filesMax: many\n"),
    /agent\.yaml:2:13: tail\.filesMax: expected number/,
  );
  assert.match(faultOf("tail:\n  filesMax: 0\n"), /tail\.filesMax: Too small/);
  assert.match(faultOf("tail:\n  sweep: 10 parsecs\n"), /tail\.sweep: Expected a time/);
  assert.match(faultOf("compression: lzma\n"), /compression: Invalid option/);
});

Deno.test("loadSettings() tells all faults at once, and YAML errors with their place", () => {
  const message = faultOf("compression: x\nbroker: 5\n");
  assert.match(message, /:1:/);
  assert.match(message, /:2:/);
  assert.match(faultOf("tail: {a: 1\n"), /agent\.yaml:\d+:\d+:/);
});

Deno.test("loadSettings() refuses aliases without an anchor, those that multiply, and endless nesting", () => {
  assert.match(faultOf("broker: *nothing\n"), /Unresolved alias/);
  const times = (name: string) => `[${Array.from({ length: 9 }, () => name).join(", ")}]`;
  const bomb = ["x", "*a", "*b", "*c", "*d"].map((name, i) =>
    `${"abcde"[i]}: &${"abcde"[i]} ${times(name)}`
  );
  assert.match(faultOf(`${bomb.join("\n")}\n`), /Excessive alias count/);
  const deep = faultOf(`broker: ${"[".repeat(100_000)}`);
  assert.match(deep, /Maximum call stack size exceeded/);
  assert.match(deep, /and \d+ more$/);
  assert(deep.length < 50_000, `${deep.length} characters`);
});

Deno.test("loadSettings() shows no value where somebody may have written a secret", () => {
  for (
    const text of [
      "token: hunter2\n",
      "apiKey: {value: hunter2}\n",
      "tail: {token: hunter2}\n",
      "broker:\n  password: [hunter2\n",
      "token:\n  - hunter2\n",
      "password:\n  - hunter2\n",
      "token: 'hunter2\n",
    ]
  ) {
    const message = faultOf(text);
    assert.doesNotMatch(message, /hunter2/, text);
    assert.match(message, /agent\.yaml:\d+:\d+: /, text);
  }
});

Deno.test("loadSettings() names a variable that is not set", () => {
  assert.match(
    faultOf("broker: ['${NOPE}']"),
    /agent\.yaml:1:11: The environment has no variable NOPE/,
  );
});

Deno.test("jsonSchema(), referencePage() and hideSecrets() come from the same specification", () => {
  const value = jsonSchema(schema, "t") as any;
  assert.equal(value.properties.tail.properties.filesMax.maximum, 1e6);
  const page = referencePage(schema, "Agent");
  assert.match(page, /`tail\.sweep` \| a time, .* \| `"10s"` \| Between two looks\./);
  assert.deepEqual(hideSecrets(schema, { password: "hunter2", compression: "gzip" }), {
    password: "***",
    compression: "gzip",
  });
});

Deno.test("asWritten() gives settings that are read again as the same", () => {
  for (const sweep of ["100ms", "1500ms", "90s", "2m", "1h"]) {
    const value = loadSettings(schema, `tail: {sweep: ${sweep}}`, { name: "x" });
    const written = asWritten(schema, value) as { tail: { sweep: string } };
    assert.equal(written.tail.sweep, sweep);
    assert.deepEqual(loadSettings(schema, JSON.stringify(written), { name: "again" }), value);
  }
});
