/** A configuration that does not validate changes nothing, is told with its place, and the next good one is applied. */
import assert from "node:assert/strict";
import { Agent } from "../../agent/agent.ts";
import { agentSettings } from "../../agent/config.ts";
import { loadSettings } from "../../core/config/load.ts";
import { Registry } from "../../core/metrics/registry.ts";
import { systemClock } from "../../core/ports/clock.ts";
import type { ConfigSnapshot, ConfigSource } from "../../core/ports/config_source.ts";
import { MemoryLineSink } from "../../core/ports/memory_line_sink.ts";
import { systemFiles } from "../../core/system_files.ts";
import { tempDir } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";

/** A source that says what it is told to. */
class Told implements ConfigSource {
  readonly name = "told";
  #changed: (snapshot: ConfigSnapshot) => void = () => {};
  #now: ConfigSnapshot;

  constructor(text: string) {
    this.#now = { text, revision: 1, deleted: false };
  }
  say(text: string): void {
    this.#now = { text, revision: this.#now.revision + 1, deleted: false };
    this.#changed(this.#now);
  }
  read(): Promise<ConfigSnapshot> {
    return Promise.resolve(this.#now);
  }
  watch(changed: (snapshot: ConfigSnapshot) => void, _: unknown, signal: AbortSignal) {
    this.#changed = changed;
    return new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}

Deno.test("Agent refuses a bad configuration whole, says why and where, ships on, and takes the next good one", async () => {
  await using folder = await tempDir("weir-bad-");
  const path = folder.join("a.log"), other = folder.join("b.log");
  const good = JSON.stringify([{ path, topic: "t" }]);
  const bad: [string, RegExp][] = [
    [`[{"path": "${path}", "topic": "t"`, /told:1:/],
    [`[{"path": "${path}", "topik": "t"}]`, /topik/],
    [`[{"path": "${path}", "topic": "no topic"}]`, /topic/],
    [`[{"path": "relative.log", "topic": "t"}]`, /absolute path/],
    [JSON.stringify([{ path, topic: "t", drop: [{ name: "n", pattern: "(" }] }]), /pattern/],
    [JSON.stringify([{ path: other, topic: "t" }, { path, topic: "" }]), /topic/],
  ];
  const source = new Told(good), sink = new MemoryLineSink();
  const settings = `tail: {roots: [${folder.path}], sweep: 300ms}\nkafka: {brokers: ["x:1"]}`;
  const agent = new Agent({
    state: folder.join("state"),
    host: "h",
    tz: "UTC",
    tail: loadSettings(agentSettings, settings, { name: "test" }).tail,
    source,
    sink: () => sink,
    registry: new Registry(),
    clock: systemClock,
    files: systemFiles,
  });
  const write = (file: string, text: string) =>
    Deno.writeTextFile(file, `${text}\n`, { append: true });
  const came = (text: string) =>
    waitFor(text, () => sink.lines.some((line) => line.text === text), { timeoutMs: 60_000 });
  const applied = () => agent.state().applied;
  await write(path, "first");
  await write(other, "never wanted before the last one");
  await agent.start();
  try {
    await came("first");
    for (const [text, reason] of bad) {
      source.say(text);
      assert.equal(applied().state, "FAILED");
      assert.match(applied().reason, reason);
      await write(path, `behind ${text.length} ${reason}`);
      await came(`behind ${text.length} ${reason}`);
    }
    assert.deepEqual(new Set(sink.lines.map((line) => line.path)), new Set([path]));
    source.say(JSON.stringify([{ path: other, topic: "t" }]));
    await waitFor("APPLIED", () => applied().state === "APPLIED", { timeoutMs: 60_000 });
    assert.equal(applied().reason, "");
    await came("never wanted before the last one");
    assert.equal(new Set(sink.lines.map(({ text }) => text)).size, sink.lines.length);
  } finally {
    await agent.stop(10_000);
  }
});
