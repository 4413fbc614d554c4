import assert from "node:assert/strict";
import { ManualClock } from "../../core/ports/clock.ts";
import { startOf } from "../demo.ts";
import { FIRST_S, incidentAt, PERIOD_S } from "./incident.ts";
import { FILES, linesOf, type TrafficOptions } from "./traffic.ts";
import { DemoWriter, lastWrittenMs } from "./writer.ts";

const OPTIONS: TrafficOptions = {
  seed: 1,
  startMs: Date.UTC(2026, 10, 21, 8),
  rate: 20,
  offset: () => 60,
};

function textOf(options: TrafficOptions, from: number, to: number): string {
  let text = "";
  for (let second = from; second < to; second++) {
    for (const line of linesOf(options, second)) {
      text += `${line.file} ${line.timeMs} ${line.text}\n`;
    }
  }
  return text;
}

Deno.test("linesOf() gives the same lines for the same seed and start, others for others", () => {
  const whole = textOf(OPTIONS, 700, 900);
  assert.equal(textOf({ ...OPTIONS }, 700, 800) + textOf({ ...OPTIONS }, 800, 900), whole);
  assert.notEqual(textOf({ ...OPTIONS, seed: 2 }, 700, 900), whole);
  assert.notEqual(textOf({ ...OPTIONS, startMs: OPTIONS.startMs + 1000 }, 700, 900), whole);
});

Deno.test("linesOf() meets its rate within a third in calm minutes, and writes every file", () => {
  for (const rate of [1, 20, 200]) {
    let lines = 0;
    const files = new Set<string>();
    // Two waves of five minutes, before the first incident.
    for (let second = 0; second < 600; second++) {
      for (const line of linesOf({ ...OPTIONS, rate }, second)) {
        lines += line.text.split("\n").length;
        files.add(line.file);
      }
    }
    assert(lines > 600 * rate * 0.67 && lines < 600 * rate * 1.33, `rate ${rate}: ${lines / 600}`);
    if (rate > 1) {
      for (const name of ["access", "orders", "system"] as const) assert(files.has(FILES[name]));
    }
  }
});

Deno.test("linesOf() gives each second's lines in order, with the second's time in them", () => {
  for (const second of [0, 5, FIRST_S, FIRST_S + 150]) {
    const lines = linesOf(OPTIONS, second);
    const times = lines.map((line) => line.timeMs);
    assert.deepEqual(times, [...times].sort((a, b) => a - b));
    for (const time of times) {
      assert(
        time >= OPTIONS.startMs + second * 1000 && time < OPTIONS.startMs + second * 1000 + 1100,
      );
    }
  }
  const access = linesOf(OPTIONS, 0).find((line) => line.file === FILES.access)!;
  assert.match(access.text, /^[\d.]+ - - \[21\/Nov\/2026:09:00:0[01] \+0100\] "/);
});

Deno.test("incidentAt() goes calm, filling, full, recovery, calm, and again", () => {
  const phases: string[] = [];
  for (let second = 0; second < FIRST_S + PERIOD_S; second++) {
    const { phase } = incidentAt(second);
    if (phases.at(-1) !== phase) phases.push(phase);
  }
  assert.deepEqual(phases, ["calm", "filling", "full", "recovery", "calm"]);
  assert.equal(incidentAt(FIRST_S + PERIOD_S).phase, "filling");
  assert.equal(incidentAt(FIRST_S + PERIOD_S - 1).phase, "calm");
});

Deno.test("linesOf() fails orders with a stack trace only while the disk is full, and recovers", () => {
  const full = "No space left on device";
  const during = textOf(OPTIONS, FIRST_S + 120, FIRST_S + 270);
  assert(during.split("Caused by: org.postgresql").length > 50);
  assert(during.includes('" 500 ') && during.includes('" 504 '));
  assert(!textOf(OPTIONS, 0, FIRST_S).includes(full));
  const after = textOf(OPTIONS, FIRST_S + 270, FIRST_S + 900);
  assert(!after.includes(full));
  assert(after.includes("error rate is normal again"));
});

Deno.test("DemoWriter writes the past at once and the rest when its time comes, each line once", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "weir-test-" });
  try {
    const clock = new ManualClock(OPTIONS.startMs + 60_500);
    const writer = new DemoWriter({ ...OPTIONS, folder, clock });
    const first = writer.catchUp();
    assert.equal(writer.catchUp(), 0, "nothing twice");
    writer.start();
    await clock.advance(10_000);
    await writer.stop();
    const wanted = new Map<string, string>();
    for (let second = 0; second <= 70; second++) {
      for (const { file, timeMs, text } of linesOf(OPTIONS, second)) {
        if (timeMs > clock.wallMs()) continue;
        wanted.set(file, `${wanted.get(file) ?? ""}${text}\n`);
      }
    }
    const sorted = (text: string) => text.split("\n").sort();
    let lines = 0;
    for (const [file, text] of wanted) {
      assert.deepEqual(sorted(Deno.readTextFileSync(`${folder}/${file}`)), sorted(text), file);
      lines += text.split("\n").length - 1;
    }
    assert(first > 0 && first < lines);
    assert(lastWrittenMs(folder) !== undefined);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("DemoWriter rotates by rename, and keeps one old file", () => {
  const folder = Deno.makeTempDirSync({ prefix: "weir-test-" });
  try {
    const clock = new ManualClock(OPTIONS.startMs);
    const writer = new DemoWriter({ ...OPTIONS, folder, clock, rotateBytes: 20_000 });
    for (let second = 0; second < 100; second++) {
      clock.advance(1000);
      writer.catchUp();
    }
    const names = [...Deno.readDirSync(`${folder}/nginx`)].map((entry) => entry.name).sort();
    assert.deepEqual(names.filter((name) => name.startsWith("access")), [
      "access.log",
      "access.log.1",
    ]);
    assert(Deno.statSync(`${folder}/nginx/access.log.1`).size <= 20_000);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("startOf() is half an hour ago, or behind an earlier demo, never in the future", () => {
  const nowMs = Date.UTC(2026, 10, 21, 10, 0, 0, 500);
  assert.equal(startOf(nowMs, undefined), Date.UTC(2026, 10, 21, 9, 30));
  assert.equal(startOf(nowMs, nowMs - 86_400_000), Date.UTC(2026, 10, 21, 9, 30));
  assert.equal(
    startOf(nowMs, Date.UTC(2026, 10, 21, 9, 59, 50)),
    Date.UTC(2026, 10, 21, 9, 59, 51),
  );
  assert.equal(startOf(nowMs, nowMs), Date.UTC(2026, 10, 21, 10, 0, 0));
});
