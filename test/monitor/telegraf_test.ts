/**
 * Side by side with Telegraf's own inputs on this host, built from its Go module: the same points,
 * tags, fields, types and values.
 */
import assert from "node:assert/strict";
import { systemClock } from "../../core/ports/clock.ts";
import type { Point } from "../../core/ports/metric_sink.ts";
import { monitorSettings } from "../../monitor/config.ts";
import { createReader } from "../../monitor/works.ts";
import { IGNORED_FS_TYPES, PointWriter } from "../../monitor/write/influx_points.ts";
import { needCommand, sayOnStderr } from "../support/real/install.ts";

interface TelegrafPoint {
  measurement: string;
  /** Null where there is none. */
  tags: Record<string, string> | null;
  fields: Record<string, number | string>;
  types: Record<string, string>;
}

const TYPE_OF: Record<string, string> = {
  int: "int",
  int64: "int",
  uint64: "int",
  float64: "float",
  string: "text",
};

/**
 * What stands still between the two looks; everything else may move by a third, and a slack of its
 * size.
 */
const EXACT =
  /^(mem\.(total|.*_total|huge_page_size|commit_limit)|swap\.total|disk\.(total|inodes_total)|net\.(err_in|err_out|speed)|system\.(n_cpus|n_physical_cpus|n_users|n_unique_users)|kernel\.boot_time)$/;

/** Depends on what happened between two looks: only type and name are compared. */
const OF_AN_INTERVAL = /^(cpu\.|diskio\.io_(util|await|svctm)$)/;

Deno.test({
  name: "points have Telegraf's measurements, tags, fields, types and values",
  fn: async () => {
    await needCommand("go", "golang-go", sayOnStderr);
    const folder = await Deno.makeTempDir({ prefix: "weir-telegraf-" });
    try {
      const program = await build(folder);
      const settings = monitorSettings.parse({});
      const reader = createReader(settings, systemClock);
      const names = new Set(settings.influx.collectors);
      const ignoreFsTypes = new Set(IGNORED_FS_TYPES);
      const writer = new PointWriter({ tags: {}, ignoreFsTypes });
      writer.points(await reader.read(names));
      const theirs = await run(program);
      const ours = writer.points(await reader.read(names));
      reader.close();
      compare(theirs, ours);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

async function build(folder: string): Promise<string> {
  const program = `${folder}/telegraf-inputs`;
  const { success, stderr } = await new Deno.Command("go", {
    args: ["build", "-o", program, "."],
    cwd: new URL("./telegraf/", import.meta.url).pathname,
    env: { GOFLAGS: "-mod=readonly -buildvcs=false" },
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  return program;
}

async function run(program: string): Promise<TelegrafPoint[]> {
  const { success, stdout, stderr } = await new Deno.Command(program).output();
  assert(success, new TextDecoder().decode(stderr));
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  return lines.map((line) => JSON.parse(line));
}

function keyOf(measurement: string, tags: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(tags).sort(([a], [b]) => a < b ? -1 : 1);
  return `${measurement},${pairs.map(([name, value]) => `${name}=${value}`).join(",")}`;
}

/** Series → fields; points of one series are put together, as InfluxDB does. */
function series<T>(points: readonly T[], read: (point: T) => [string, Record<string, unknown>]) {
  const found = new Map<string, Record<string, unknown>>();
  for (const point of points) {
    const [key, fields] = read(point);
    found.set(key, { ...found.get(key), ...fields });
  }
  return found;
}

function compare(theirPoints: TelegrafPoint[], ourPoints: Point[]): void {
  const theirTypes = series(theirPoints, (p) => [keyOf(p.measurement, p.tags ?? {}), p.types]);
  const theirs = series(theirPoints, (p) => [keyOf(p.measurement, p.tags ?? {}), p.fields]);
  const ours = series(ourPoints, (p) => [keyOf(p.measurement, p.tags), p.fields]);
  assert.deepEqual([...ours.keys()].sort(), [...theirs.keys()].sort(), "the same series");
  let compared = 0;
  for (const [key, fields] of theirs) {
    const mine = ours.get(key) as Point["fields"];
    const measurement = key.slice(0, key.indexOf(","));
    // A disk that did nothing between two looks has no average of it, on either side.
    const names = (given: object) =>
      Object.keys(given).filter((name) => !/^io_(await|svctm)$/.test(name)).sort();
    assert.deepEqual(names(mine), names(fields), `fields of ${key}`);
    for (const [name, value] of Object.entries(fields)) {
      if (mine[name] === undefined) continue;
      const [type, own] = Object.entries(mine[name])[0];
      assert.equal(type, TYPE_OF[theirTypes.get(key)![name] as string], `${key} ${name}`);
      sameValue(`${measurement}.${name}`, value as number | string, own);
      compared++;
    }
  }
  console.log(`${theirs.size} series, ${compared} fields compared`);
  assert(compared > 80);
}

function sameValue(name: string, theirs: number | string, ours: number | string): void {
  if (OF_AN_INTERVAL.test(name) || typeof theirs === "string" || typeof ours === "string") return;
  if (EXACT.test(name)) return assert.equal(ours, theirs, name);
  const slack = 0.34 * Math.max(Math.abs(theirs), Math.abs(ours)) +
    (Math.abs(theirs) > 1e6 ? 500e6 : 2000);
  assert(Math.abs(ours - theirs) <= slack, `${name}: ours ${ours}, Telegraf's ${theirs}`);
}
