/**
 * The numbers beside the list: lines over time and by level, values of fields. They are read one behind the other over
 * the same range and shown together, so that every two numbers of the same thing agree; where the fields take long and
 * lines keep coming in, they are older for a while, and the page says of when they are. An older answer never takes the
 * place of a newer one.
 */
import { batch } from "@preact/signals";
import { getJson, problemOf } from "./client.ts";
import { countOf, endOf, startOf, timeValue } from "./model/axis.ts";
import { Renewal } from "./model/renewal.ts";
import { rangeValues } from "./range.ts";
import * as state from "./state.ts";

const HISTOGRAM_MS = 3000, FACETS_MS_MAX = 20_000;
/** Reading the fields may take this part of the time, and no more. */
const FACETS_SHARE = 20;
/** A range that moves with the clock is read again this often, though nothing comes in. */
const MOVING_MS = 30_000;

let signal = AbortSignal.abort();
let told: (answer: state.HistogramAnswer) => void = () => {};
let asked = 0, shown = 0;
/** Page time from which the fields may be read again, ms. */
let facetsDueMs = 0;
/** When they were read last, wall time. */
let facetsReadMs = 0;
/** Lines came while nobody saw the page. */
let unseen = false;
const renewal = new Renewal(() => renew(), 1200, () => HISTOGRAM_MS);
document.addEventListener("visibilitychange", () => unseen && countsSoon());
setInterval(() => {
  const { since, until } = state.view.value;
  if (!signal.aborted && until === "" && since !== "") countsSoon();
}, MOVING_MS);

/**
 * Reads the counts of a view that was just loaded: those over time are shown as soon as they are there.
 * @param until aborts when the view is another
 * @param counted is told of each answer over time that is shown
 */
export async function countAnew(
  until: AbortSignal,
  counted: (answer: state.HistogramAnswer) => void,
): Promise<void> {
  signal = until;
  told = counted;
  state.facetsOf.value = undefined;
  const histogram = await readHistogram();
  if (until.aborted) return;
  // Where there is no answer, those of another view must not stand for it.
  if (histogram === undefined) {
    state.histogram.value = state.facets.value = undefined;
    return;
  }
  show(histogram);
  const facets = await readFacets(histogram);
  if (until.aborted) return;
  if (facets === undefined) state.facets.value = undefined;
  else show(histogram, facets);
}

/** Lines came in: the counts are read again soon, where somebody sees them. */
export function countsSoon(): void {
  unseen = document.hidden;
  if (!unseen) renewal.soon();
}

async function renew(): Promise<void> {
  if (document.hidden) {
    unseen = true;
    return;
  }
  const histogram = await readHistogram();
  if (histogram === undefined) return;
  if (performance.now() >= facetsDueMs) return show(histogram, await readFacets(histogram));
  show(histogram);
  state.facetsOf.value ??= facetsReadMs;
  renewal.soon();
}

interface Read<T> {
  answer: T;
  number: number;
  of: AbortSignal;
}

async function read<T>(path: string, values: Parameters<typeof getJson>[1]) {
  const of = signal, number = ++asked;
  try {
    return { answer: await getJson<T>(path, values, of), number, of };
  } catch (error) {
    if (!of.aborted) state.problem.value = problemOf(error);
    return undefined;
  }
}

function readHistogram(): Promise<Read<state.HistogramAnswer> | undefined> {
  return read("/api/histogram", { ...rangeValues(), bars: 120 });
}

/** The fields of the same lines: the range is the one that the counts over time are of. */
async function readFacets(
  { answer: { fromMs, toMs } }: Read<state.HistogramAnswer>,
): Promise<Read<state.FacetAnswer> | undefined> {
  const beganMs = performance.now();
  const range = fromMs === null || toMs === null
    ? {}
    : { since: timeValue(fromMs), until: timeValue(toMs) };
  const found = await read<state.FacetAnswer>("/api/fields", { ...rangeValues(), ...range });
  const nowMs = performance.now();
  const restMs = state.hasFacets() ? Math.min(FACETS_MS_MAX, (nowMs - beganMs) * FACETS_SHARE) : 0;
  facetsDueMs = nowMs + restMs;
  facetsReadMs = Date.now();
  return found;
}

function show(
  { answer, number, of }: Read<state.HistogramAnswer>,
  facets?: Read<state.FacetAnswer>,
): void {
  if (of.aborted || number < shown) return;
  const isNew = number > shown;
  shown = number;
  batch(() => {
    state.histogram.value = answer;
    if (facets !== undefined) {
      state.facets.value = facets.answer;
      state.facetsOf.value = undefined;
    }
  });
  if (!isNew) return;
  told(answer);
  void loadHost(answer, of);
}

/** Runs and figures on the axis of the histogram. */
async function loadHost(axis: state.HistogramAnswer, of: AbortSignal): Promise<void> {
  const bars = countOf(axis);
  if (bars === 0) return;
  try {
    const answer = await getJson<state.HostAnswer>("/api/host", {
      since: timeValue(startOf(axis)),
      until: timeValue(endOf(axis)),
      bars,
    }, of);
    if (!of.aborted) state.host.value = answer;
  } catch (error) {
    if (!of.aborted) state.problem.value = problemOf(error);
  }
}
