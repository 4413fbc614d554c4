/**
 * Each byte of each life of a file has its place: one record, of the text that the rules of joining give it. Where a
 * record ends earlier than the rules say, its file must have stood still there. Kafka's records and the index's
 * documents are both looked at, so that what one of them lost is still seen in the other.
 */
import { LINE_NAME } from "./agent_process.ts";
import type { ChainWorld } from "./chain_world.ts";
import { recordAt } from "./joining.ts";
import type { WrittenLife } from "./written_life.ts";

/** A record as it was found: bytes `start` to `end` of a life. */
export interface Place {
  uid: string;
  generation: string;
  start: number;
  end: number;
  text: string;
}

export interface PlacesFound {
  /** Bytes of files that no record accounts for, by their first line. */
  lost: string[];
  /** Records whose bytes another one has too, and lives that have two generations. */
  doubled: string[];
  /** Records whose text is not that of their bytes. */
  foreign: string[];
  /** Records that begin or end where the rules of joining do not let them. */
  misjoined: string[];
}

/** Holds the places against what was written. Returns what is wrong, and which generation is which life. */
export function checkPlaces(
  { writers }: ChainWorld,
  places: Iterable<Place>,
): { found: PlacesFound; lifeOf: ReadonlyMap<string, WrittenLife> } {
  const found: PlacesFound = { lost: [], doubled: [], foreign: [], misjoined: [] };
  const byName = new Map<string, WrittenLife>(), lives = writers.flatMap((one) => one.lives);
  for (const life of lives) {
    for (const name of life.content.match(LINE_NAME) ?? []) byName.set(name, life);
  }
  const byLife = new Map<WrittenLife, string>();
  for (const [generation, all] of Map.groupBy(places, (place) => place.generation)) {
    const life = lifeNamed(all, byName);
    if (life === undefined) {
      found.foreign.push(...all.map(({ uid }) => uid));
      continue;
    }
    const other = byLife.get(life);
    if (other !== undefined) found.doubled.push(`${life.path}: ${other} and ${generation}`);
    byLife.set(life, generation);
    checkLife(life, all.sort((a, b) => a.start - b.start || a.end - b.end), found);
  }
  for (const life of lives) if (!byLife.has(life)) found.lost.push(lineAt(life, 0));
  return { found, lifeOf: new Map([...byLife].map(([life, generation]) => [generation, life])) };
}

/** The life that most of its records name. */
function lifeNamed(all: readonly Place[], byName: ReadonlyMap<string, WrittenLife>) {
  for (const { text } of all) {
    for (const name of text.match(LINE_NAME) ?? []) {
      const life = byName.get(name);
      if (life !== undefined) return life;
    }
  }
  return undefined;
}

function checkLife(life: WrittenLife, all: readonly Place[], found: PlacesFound): void {
  const { content, joining } = life, ends = new Set(all.map(({ end }) => end));
  let at = 0;
  for (const { uid, start, end, text } of all) {
    if (start > at) found.lost.push(lineAt(life, at));
    if (start < at) found.doubled.push(uid);
    at = Math.max(at, end);
    const limits = [content.length, ...life.pausesAfter(start).filter((one) => ends.has(one))];
    const fits = limits.map((limit) => recordAt(content, start, limit, joining))
      .filter((one) => one.end === end);
    if (fits.length === 0) found.misjoined.push(`${uid} ${text}`);
    else if (!fits.some((one) => one.text === text)) found.foreign.push(`${uid} ${text}`);
  }
  if (at < content.length) found.lost.push(lineAt(life, at));
}

function lineAt({ path, host, content }: WrittenLife, at: number): string {
  const feed = content.indexOf("\n", at);
  return `${host} ${path} ${at}: ${content.slice(at, feed < 0 ? undefined : feed)}`;
}
