/**
 * Packed files and kill -9, as processes: what was read plain is not read again when it is packed, an unknown packed file
 * is read whole, a broken one as far as it goes, whatever moments the agent dies at.
 */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { stringify } from "yaml";
import { numberedLines } from "../support/numbered.ts";
import { type Program, startProgram } from "../support/process.ts";
import { servers } from "../support/servers.ts";
import { tempDir, uniqueName } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";
import { recordsOf } from "./ship_site.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
/** Lines of the unknown file: enough for several kills while it is read. */
const UNKNOWN = 60_000, PLAIN = 3000, BROKEN = 4000;

function textOf(name: string, total: number, to = total): string {
  return [...numberedLines(name, total, 1, to)].join("\n") + "\n";
}

Deno.test({
  name: "weir-agent reads packed files once over kill -9: known, unknown and broken ones",
  sanitizeOps: false, // the reader keeps sockets for a while
  sanitizeResources: false,
  async fn() {
    const { kafka: broker } = await servers("kafka");
    await using folder = await tempDir("weir-packed-");
    const topic = uniqueName("packed"), plain = folder.join("app.log");
    const collect = JSON.stringify([{ path: folder.join("*.log*"), topic }]);
    await Deno.writeTextFile(folder.join("collect.json"), collect);
    const settings = {
      state: folder.join("state"),
      source: { file: folder.join("collect.json") },
      kafka: { brokers: [broker], batchBytes: 65_536 },
      tail: { roots: [folder.path], copyHold: "1s" },
      listen: "127.0.0.1:0",
    };
    await Deno.writeTextFile(folder.join("agent.yaml"), stringify(settings));
    const args = ["run", "-A", "--quiet", "--no-check", `${ROOT}agent/main.ts`, "--config"];
    const runs: Program[] = [];
    const start = () => {
      const run = startProgram(Deno.execPath(), [...args, folder.join("agent.yaml")]);
      runs.push(run);
      return run;
    };

    await Deno.writeTextFile(plain, textOf("plain", PLAIN));
    let agent = start();
    const arrived = async () => (await recordsOf(broker, topic).catch(() => [])).length;
    await waitFor("the plain file", async () => await arrived() >= PLAIN, {
      detail: () => agent.tail(),
    });
    // Rotated and packed while the agent is dead; another one and a broken one turn up beside it.
    await agent.kill9();
    await Deno.writeFile(`${plain}.1.gz`, gzipSync(await Deno.readFile(plain)));
    await Deno.remove(plain);
    await Deno.writeFile(folder.join("old.log.gz"), gzipSync(textOf("unknown", UNKNOWN)));
    const whole = gzipSync(textOf("broken", BROKEN));
    await Deno.writeFile(folder.join("broken.log.gz"), whole.subarray(0, whole.length - 2000));
    await Deno.writeTextFile(plain, textOf("new", PLAIN));
    for (let kill = 1; kill <= 2; kill++) {
      agent = start();
      const more = PLAIN + kill * 12_000;
      await waitFor("a part of it", async () => await arrived() >= more, {
        detail: () => agent.tail(),
      });
      await agent.kill9();
    }
    await using last = start();
    const wanted = new Set([
      ...numberedLines("plain", PLAIN),
      ...numberedLines("unknown", UNKNOWN),
      ...numberedLines("new", PLAIN),
    ]);
    const places = new Map<string, Set<string>>();
    await waitFor("all lines", async () => {
      places.clear();
      for (const { text, place } of await recordsOf(broker, topic)) {
        const known = places.get(text) ?? new Set();
        places.set(text, known.add(place));
      }
      return [...wanted].every((text) => places.has(text));
    }, { timeoutMs: 60_000, detail: () => last.tail() });
    // Told once it is sure that nobody writes it, which may have been before a kill: then it is not told again.
    const isTold = ({ stderr, stdout }: Program) =>
      [stderr, stdout].some((text) => text.includes("Cannot unpack a file to its end"));
    await waitFor("what is wrong with the broken one", () => runs.some(isTold), {
      detail: () => last.tail(),
    });
    const doubled = [...places].filter(([text, { size }]) => wanted.has(text) && size > 1);
    assert.deepEqual(doubled.slice(0, 3), [], `${doubled.length} lines under two places`);
    const good = [...places.keys()].filter((text) => text.startsWith("broken "));
    assert.ok(good.length > BROKEN / 2, `${good.length} lines of the broken one`);
    const asWritten = [...numberedLines("broken", BROKEN)].slice(0, good.length - 1);
    assert.ok(asWritten.every((text) => places.has(text)), "its good part, from the begin");
  },
});
