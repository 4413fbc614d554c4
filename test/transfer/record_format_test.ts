/**
 * The worked examples of docs/record-format.md, run as they stand there against a real Kafka: errors
 * per minute, counted by a plain consumer and by kcat, each line once.
 */
import assert from "node:assert/strict";
import { needCommand, sayOnStderr } from "../support/real/install.ts";
import { kafkaBroker } from "./servers.ts";
import { type Line, Site } from "./site.ts";

const PAGE = Deno.readTextFileSync(new URL("../../docs/record-format.md", import.meta.url));
const MINUTE = Date.UTC(2026, 10, 21, 10, 0);

/** Lines of two files in two minutes; three of them are sent again. */
async function fill(site: Site, topic: string): Promise<void> {
  const lines: Line[] = [];
  for (let i = 0; i < 40; i++) {
    lines.push({
      topic,
      value: i % 4 === 0 ? `request ${i} ERROR failed` : `request ${i} done`,
      generation: i % 2 === 0 ? "AAAAAAAAAAAAAAAA" : "BBBBBBBBBBBBBBBB",
      offset: Math.floor(i / 2) * 30,
      length: 30,
      timestampMs: MINUTE + (i < 20 ? 0 : 60_000),
    });
  }
  await site.send([...lines, ...lines.slice(0, 9)]);
}

const EXPECTED = { "10:00": 5, "10:01": 5 };

Deno.test({
  name: "docs/record-format.md: the plain consumer counts errors per minute, each line once",
  sanitizeOps: false, // the clients keep sockets and timers for a while
  sanitizeResources: false,
  async fn() {
    const site = await Site.open();
    const program = new URL(`./errors_per_minute_${crypto.randomUUID()}.ts`, import.meta.url);
    try {
      const topic = await site.topic("errors");
      await fill(site, topic);
      const [example, codec] = [...PAGE.matchAll(/```ts\n([\s\S]*?)```/g)].map((found) => found[1]);
      const text = `${codec}\n${example}`
        .replace("127.0.0.1:9092", await kafkaBroker())
        .replace('"web_log"', JSON.stringify(topic))
        .replace('"errors-per-minute"', JSON.stringify(`${site.prefix}-group`))
        .replace("console.table(", "console.log(JSON.stringify(")
        .replace("), 60_000", ")), 200");
      assert.match(text, /console\.log/);
      await Deno.writeTextFile(program, text);
      const child = new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--quiet", "--no-check", program.pathname],
        stdout: "piped",
        stderr: "null",
      }).spawn();
      let found = "";
      const wanted = JSON.stringify(
        Object.fromEntries(
          Object.entries(EXPECTED).map(([time, count]) => [`2026-11-21T${time}`, count]),
        ),
      );
      for await (const piece of child.stdout.pipeThrough(new TextDecoderStream())) {
        found += piece;
        if (found.includes(wanted)) break;
        if (found.length > 100_000) assert.fail(`never ${wanted}:\n${found.slice(-1000)}`);
      }
      child.kill("SIGKILL");
      await child.status;
      assert.ok(found.includes(wanted), found.slice(-1000));
    } finally {
      await Deno.remove(program).catch(() => {}); // it was not written
      await site.close();
    }
  },
});

Deno.test({
  name: "docs/record-format.md: kcat and awk count errors per minute, each line once",
  sanitizeOps: false, // the clients keep sockets and timers for a while
  sanitizeResources: false,
  async fn() {
    await needCommand("kcat", "kcat", sayOnStderr);
    const site = await Site.open();
    try {
      const topic = await site.topic("errors");
      await fill(site, topic);
      const [, command] = [...PAGE.matchAll(/```sh\n([\s\S]*?)```/g)].map((found) => found[1]);
      assert.match(command, /awk/);
      const { code, stdout, stderr } = await new Deno.Command("sh", {
        args: [
          "-c",
          command.replace("127.0.0.1:9092", await kafkaBroker()).replace(
            "-t web_log",
            `-t ${topic}`,
          ),
        ],
        env: { TZ: "UTC" },
      }).output();
      assert.equal(code, 0, new TextDecoder().decode(stderr));
      const lines = new TextDecoder().decode(stdout).trim().split("\n");
      assert.deepEqual(
        lines,
        Object.entries(EXPECTED).map(([time, count]) => `2026-11-21 ${time} ${count}`),
      );
    } finally {
      await site.close();
    }
  },
});
