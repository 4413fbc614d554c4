/**
 * /api/host: what is known of this host beside its lines, on the axis of the histogram: when Weir ran, and how busy
 * the host was. Whoever starts the server gives it; a server that knows nothing answers so.
 */
import { invalid, type Parameters } from "./parameters.ts";

export interface HostFigures {
  host: string;
  /** When Weir ran, oldest first, wall times in ms; the last run goes on. */
  runs: readonly { fromMs: number; toMs: number }[];
  /** One value a step, null where nothing is known: cpu and memory 0 to 1, the others bytes a second. */
  figures?: Readonly<Record<string, readonly (number | null)[]>>;
}

/** Figures of `steps` steps of `stepMs` from `fromMs` on. */
export type HostView = (fromMs: number, stepMs: number, steps: number) => HostFigures;

/** Least width of a step, ms. */
const STEP_MS_MIN = 1000;

/** Throws PARAMETER_INVALID where since or until is missing, TIME_INVALID, TIME_RANGE. */
export function hostAnswer(view: HostView | undefined, parameters: Parameters): unknown {
  const { fromMs, toMs } = parameters.range();
  if (fromMs === undefined || toMs === undefined) {
    throw invalid("since and until are needed", "Take them from /api/histogram.");
  }
  const bars = parameters.integer("bars", 1, 2000, 120);
  const stepMs = Math.max(STEP_MS_MIN, (toMs - fromMs) / bars);
  const steps = Math.ceil((toMs - fromMs) / stepMs);
  return {
    host: "",
    runs: [],
    ...view?.(fromMs, stepMs, steps),
    fromMs,
    toMs,
    stepMs,
  };
}
