/**
 * How far reading is, where that takes longer than two seconds: on a terminal one line that is written over, elsewhere
 * a line now and then. Ends by itself when everything that was there is read.
 */
export interface Standing {
  /** Lines stored so far. */
  lines: number;
  /** Bytes of files that are stored since the start. */
  bytes: number;
  /** Bytes that stand in files and are not stored yet. */
  bytesLeft: number;
  /** Where in time the journal is read, while it is behind. */
  journalMs?: number;
}

export interface Progress {
  caughtUp: boolean;
  percent: number;
  linesPerS: number;
  /** Undefined while nobody can say. */
  secondsLeft?: number;
  journalMs?: number;
}

/** Behind by less than this is no backlog: a busy file always is. */
const NEAR_BYTES = 262_144;
/** Rates are those of this long. */
const WINDOW_MS = 5000;

/** Works out progress from standings that are told now and then. */
export class CatchUp {
  readonly #seen: { ms: number; lines: number; bytes: number }[] = [];
  #progress: Progress = { caughtUp: false, percent: 0, linesPerS: 0 };

  /** @param nowMs monotonic */
  tell(standing: Standing, nowMs: number): Progress {
    if (this.#progress.caughtUp) return this.#progress;
    const { lines, bytes, bytesLeft, journalMs } = standing;
    const seen = this.#seen;
    seen.push({ ms: nowMs, lines, bytes });
    while (seen.length > 2 && nowMs - seen[1].ms >= WINDOW_MS) seen.shift();
    const seconds = Math.max(0.001, (nowMs - seen[0].ms) / 1000);
    const bytesPerS = (bytes - seen[0].bytes) / seconds;
    const caughtUp = bytesLeft < NEAR_BYTES && journalMs === undefined;
    this.#progress = {
      caughtUp,
      percent: caughtUp ? 100 : Math.floor(99 * bytes / Math.max(1, bytes + bytesLeft)),
      linesPerS: Math.round((lines - seen[0].lines) / seconds),
      ...(bytesPerS > 0 && journalMs === undefined && { secondsLeft: bytesLeft / bytesPerS }),
      ...(journalMs !== undefined && { journalMs }),
    };
    return this.#progress;
  }

  get progress(): Progress {
    return this.#progress;
  }
}

/** One line for a person. */
export function progressText(progress: Progress): string {
  const parts = [`  Reading: ${progress.percent} %`];
  parts.push(`${progress.linesPerS.toLocaleString("en")} lines/s`);
  if (progress.secondsLeft !== undefined) parts.push(`${duration(progress.secondsLeft)} left`);
  if (progress.journalMs !== undefined && progress.journalMs > 0) {
    const at = new Date(progress.journalMs).toISOString().slice(0, 16).replace("T", " ");
    parts.push(`journal at ${at} UTC`);
  }
  return parts.join(", ");
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
