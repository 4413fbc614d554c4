/**
 * Fills the list: the newest lines and live ones behind them, a fixed range, or the lines around one line; older and
 * newer ones when the list is scrolled there. Live and history meet without a gap: live lines are held back until
 * history has been read up to them.
 */
import { readArchive, readOlder } from "./archive.ts";
import { getJson, getLines, problemOf } from "./client.ts";
import { countAnew, countsSoon } from "./counts.ts";
import { firstView } from "./first.ts";
import { openLive } from "./live.ts";
import { ROWS_FOLLOWED, ROWS_MAX } from "./model/buffer.ts";
import { readCopy } from "./model/line_copy.ts";
import { type Line, placeOf, rowOf } from "./model/line.ts";
import { rangeValues, resolved } from "./range.ts";
import * as state from "./state.ts";

const { buffer } = state;
const FIRST = 300;
const PAGE = 500;
/** Lines of one request where somebody scrolls on and on. */
const PAGE_MAX = 5000;
const HELD_MAX = 5000;
/** Without sampling for so long, the rate is taken to be low again. */
const CALM_MS = 3000;

let stop = new AbortController();
let endLive: (() => void) | undefined;
/** Live lines that wait until history reaches them; undefined where the list is joined to the live end. */
let held: Line[] | undefined;
let overran = false;
let mending: ReturnType<typeof setTimeout> | undefined;

/** Loads all anew for the view as it is. */
export function load(): void {
  stop.abort();
  resolved.value = undefined;
  stop = new AbortController();
  clearTimeout(mending);
  endLive?.();
  endLive = undefined;
  held = undefined;
  overran = false;
  buffer.clear();
  state.opened.value = new Set();
  state.unfolded.value = new Set();
  state.selected.value = "";
  state.problem.value = undefined;
  state.gone.value = undefined;
  state.sampled.value = undefined;
  state.trimmed.value = false;
  state.waiting.value = 0;
  state.live.value = "off";
  state.archive.value = undefined;
  state.following.value = true;
  state.changed();
  const { line, until, archive } = state.view.value;
  const { signal } = stop;
  if (line !== "") void around(line, stop.signal);
  else if (archive) void attempt("all", signal, () => readArchive(rangeValues(), signal));
  else if (until !== "") void fixed(stop.signal);
  else startLive(false);
}

/** The counts beside the list, after its first lines: those are what people wait for. */
function countBeside(): void {
  const { signal } = stop;
  void countAnew(signal, ({ fromMs }) => {
    // A range that moves with the clock leaves lines behind, which are no longer counted.
    if (fromMs === null || state.view.value.since === "" || !state.following.value) return;
    if (buffer.dropBefore(fromMs)) state.changed();
  });
}

async function attempt(
  kind: "all" | "older" | "newer",
  signal: AbortSignal,
  run: () => Promise<void>,
): Promise<void> {
  state.loading.value = kind;
  try {
    await run();
  } catch (error) {
    if (!signal.aborted) state.problem.value = problemOf(error);
  } finally {
    if (!signal.aborted) {
      state.loading.value = "";
      state.changed();
      if (kind === "all") countBeside();
    }
  }
}

function fixed(signal: AbortSignal): Promise<void> {
  return attempt("all", signal, async () => {
    const values = { ...rangeValues(), order: "newest", limit: PAGE };
    const add = (lines: Line[]) => {
      buffer.add(lines);
      state.changed();
    };
    const count = await getLines(values, signal, add, { range: fix });
    buffer.hasOlder = count === PAGE;
  });
}

/** The line itself (whether it fits the query or not) and what stands before and behind it. */
function around(place: string, signal: AbortSignal): Promise<void> {
  state.following.value = false;
  return attempt("all", signal, async () => {
    const [at, generation, offset, topic] = place.split("~");
    try {
      const { lines } = await getJson<{ lines: Line[] }>(
        "/api/context",
        { topic, generation, offset, at, before: 0, after: 0 },
        signal,
      );
      buffer.add(lines);
      state.selected.value = rowOf(lines[0]).key;
      state.opened.value = new Set([state.selected.value]);
      state.changed();
    } catch (error) {
      if (problemOf(error).code !== "DOCUMENT_NOT_FOUND") throw error;
      // Links live longer than lines: what stood around it may still be there.
      state.gone.value = { copy: readCopy(location.hash) };
    }
    const values = { ...rangeValues(), after: place, limit: FIRST };
    const add = (some: Line[]) => void buffer.add(some);
    const [older, newer] = await Promise.all([
      getLines({ ...values, order: "newest" }, signal, add, { range: fix }),
      getLines({ ...values, order: "oldest" }, signal, add),
    ]);
    buffer.hasOlder = older === FIRST;
    buffer.hasNewer = true;
    // Where the line is gone, its nearest neighbour is what the list opens at.
    if (state.gone.value !== undefined && buffer.rows.length > 0) {
      state.selected.value = buffer.rows[Math.max(0, older - 1)].key;
      state.changed();
    }
    if (newer < FIRST) await join(signal);
  });
}

/** All that is asked of a range with an end is asked of the one that its lines are of. */
function fix(range: { since: string; until: string }): void {
  if (state.view.value.until !== "") resolved.value = range;
}

/** The more somebody has read already, the more comes at once. */
function pageSize(): number {
  return Math.min(PAGE_MAX, Math.max(PAGE, buffer.rows.length));
}

/** Older lines, before the first one. @param asked of the archive as well, where a bound ended its search */
export function loadOlder(asked = false): void {
  const first = buffer.rows[0];
  if (state.loading.value !== "") return;
  const { signal } = stop;
  if (state.view.value.archive && (asked || buffer.hasOlder)) {
    return void attempt("older", signal, () => readOlder(rangeValues(), signal));
  }
  if (!buffer.hasOlder || first === undefined) return;
  const limit = pageSize();
  void attempt("older", signal, async () => {
    const values = { ...rangeValues(), order: "newest", limit, after: placeOf(first) };
    const lines: Line[] = [];
    const count = await getLines(values, signal, (some) => void lines.push(...some));
    buffer.add(lines);
    buffer.hasOlder = count === limit;
    if (buffer.rows.length > ROWS_MAX) {
      buffer.trimNewer(ROWS_MAX);
      held ??= [];
    }
  });
}

/** Newer lines, behind the last one, up to the live end where there is one. */
export function loadNewer(): void {
  if (!buffer.hasNewer || state.loading.value !== "") return;
  const { signal } = stop;
  void attempt("newer", signal, async () => {
    const limit = pageSize();
    if (await newer(signal, limit) < limit) await join(signal);
    if (buffer.rows.length > ROWS_MAX) buffer.trimOlder(ROWS_MAX);
  });
}

function newer(signal: AbortSignal, limit = PAGE): Promise<number> {
  const last = buffer.rows[buffer.rows.length - 1];
  const values = {
    ...rangeValues(),
    order: "oldest",
    limit,
    after: last === undefined ? "" : placeOf(last),
  };
  return getLines(values, signal, (lines) => void buffer.add(lines));
}

/** Goes over to live lines: they are followed first, then history is read up to them. */
async function join(signal: AbortSignal): Promise<void> {
  if (state.view.value.until !== "") {
    buffer.hasNewer = false;
    return;
  }
  if (endLive === undefined) await new Promise<void>((ready) => startLive(true, ready));
  do {
    overran = false;
    if (signal.aborted) return;
    let count: number;
    do count = await newer(signal); while (count === PAGE && buffer.rows.length < ROWS_MAX);
    if (count === PAGE) return;
  } while (overran);
  buffer.hasNewer = false;
  buffer.add(held ?? [], true);
  held = undefined;
}

/** The tail began anew while somebody reads: the list stays, and what came between is read from the store. */
function rejoin(signal: AbortSignal): void {
  endLive?.();
  endLive = undefined;
  buffer.hasNewer = true;
  const rows = buffer.rows.length, before = state.waiting.value;
  void attempt("newer", signal, async () => {
    await join(signal);
    countsSoon();
    if (!signal.aborted && !state.following.value) {
      state.waiting.value = before + buffer.rows.length - rows;
    }
  });
}

function startLive(behind: boolean, ready?: () => void): void {
  const { signal } = stop;
  if (behind) held = [];
  else state.loading.value = "all";
  const { q, since, tz } = rangeValues();
  const last = behind ? 100 : FIRST;
  if (!behind) takeFirst(q, since);
  endLive = openLive({ q, since, last, tz }, {
    state: (value) => void (state.live.value = value),
    history(lines) {
      // Lines from before: they are none that somebody waits for.
      if (behind) hold(lines);
      else {
        // Older lines that stood in the page's HTML go: what came between is in the store.
        buffer.restart(lines);
        buffer.hasOlder = lines.length >= last;
        state.loading.value = "";
        state.changed();
        countBeside();
      }
      ready?.();
    },
    lines(lines) {
      if (signal.aborted) return;
      take(lines);
      countsSoon();
    },
    sampled(seen, sent) {
      const before = state.sampled.value ?? { seen: 0, sent: 0 };
      state.sampled.value = { seen: before.seen + seen, sent: before.sent + sent };
      clearTimeout(mending);
      mending = setTimeout(() => void mend(signal), CALM_MS);
    },
    reset: () => state.following.value && !behind ? load() : rejoin(signal),
    failed(problem) {
      state.problem.value = problem;
      if (state.loading.value === "all") {
        state.loading.value = "";
        countBeside();
      }
    },
  });
}

/** Shows the lines that came with the page, once; those of the tail take their place. */
function takeFirst(q: string, since: string): void {
  const first = firstView();
  if (first === undefined || first.q !== q || first.since !== since) return;
  buffer.add(first.lines);
  if (first.histogram !== undefined) state.histogram.value = first.histogram;
  state.changed();
}

/** Holds live lines back until history has reached them. */
function hold(lines: Line[]): void {
  if (held!.length + lines.length > HELD_MAX) {
    // They are in the store: history will reach them.
    held = [];
    overran = true;
  } else held!.push(...lines);
}

/** Takes live lines in, or holds them back while history has not reached them. */
function take(lines: Line[]): void {
  if (held !== undefined) {
    hold(lines);
    if (!state.following.value) state.waiting.value += lines.length;
    return;
  }
  if (buffer.rows.length + lines.length > ROWS_MAX && !state.following.value) {
    // Paused for long: from here on they are counted, and read from the store when the list goes there.
    buffer.hasNewer = true;
    held = [];
    overran = true;
    state.waiting.value += lines.length;
    return;
  }
  const count = buffer.add(lines, true);
  if (count === 0) return;
  if (state.following.value) {
    if (buffer.rows.length > ROWS_FOLLOWED) {
      buffer.trimOlder(ROWS_FOLLOWED - 2000);
      state.trimmed.value = true;
    }
  } else state.waiting.value += count;
  state.changed();
}

/** When lines are no longer sampled, the newest ones are read again from the store: then none is missing. */
async function mend(signal: AbortSignal): Promise<void> {
  if (signal.aborted || !state.following.value || held !== undefined) return;
  const lines: Line[] = [];
  try {
    const values = { ...rangeValues(), order: "newest", limit: FIRST };
    const count = await getLines(values, signal, (some) => void lines.push(...some));
    if (signal.aborted || !state.following.value) return;
    buffer.restart(lines);
    buffer.hasOlder = count === FIRST;
    state.sampled.value = undefined;
    state.changed();
  } catch (error) {
    if (!signal.aborted) state.problem.value = problemOf(error);
  }
}

/** Follows again: to the end of the list, or a new list where the end is not in it. */
export function follow(): void {
  state.waiting.value = 0;
  if (state.view.value.line !== "" && state.view.value.until === "") {
    state.setView({ line: "" });
  }
  if (buffer.hasNewer || state.sampled.value !== undefined) return load();
  state.following.value = true;
  state.changed();
}
