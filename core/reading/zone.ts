/**
 * Time zones: what UTC time a local time was. Offsets come from the runtime's own zone data and are
 * kept by the local hour, so that a log in order asks once an hour. A local time that came twice
 * (clocks set back) means the first; one that never was (clocks set forward) is taken with the
 * offset before the change.
 */

const HOUR_MS = 3_600_000;
const HOURS_KEPT = 512;
const ZONES_KEPT = 64;

/** True for a name that the runtime knows as a zone, IANA. */
export function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

export class Zone {
  readonly name: string;
  readonly #format: Intl.DateTimeFormat | undefined;
  readonly #offsets = new Map<number, number>();
  #lastHour = NaN;
  #lastOffset = 0;

  /** Throws RangeError for a name that the runtime does not know. */
  constructor(name: string) {
    this.name = name;
    if (!/^(UTC|Z|GMT|Etc\/UTC)$/i.test(name)) {
      this.#format = new Intl.DateTimeFormat("en-US", {
        timeZone: name,
        calendar: "iso8601",
        hourCycle: "h23",
        year: "numeric",
        month: "numeric",
        day: "numeric",
        hour: "numeric",
        minute: "numeric",
        second: "numeric",
      });
    }
  }

  /** UTC ms of the local time that `localMs` shows when it is read as if it were UTC. */
  utcOf(localMs: number): number {
    if (this.#format === undefined) return localMs;
    const quarter = Math.floor(localMs / (HOUR_MS / 4));
    if (quarter !== this.#lastHour) {
      this.#lastOffset = this.#offsetAt(quarter);
      this.#lastHour = quarter;
    }
    return localMs - this.#lastOffset;
  }

  /** The local time, as if it were UTC, at a UTC time. */
  localOf(utcMs: number): number {
    return this.#format === undefined ? utcMs : utcMs + this.#offsetOf(utcMs);
  }

  /** Zones change their offset on a quarter of an hour, so one look-up serves the quarter. */
  #offsetAt(quarter: number): number {
    const known = this.#offsets.get(quarter);
    if (known !== undefined) return known;
    const localMs = quarter * (HOUR_MS / 4);
    // The offset a day before and a day after; where both fit, the earlier moment is meant.
    const before = this.#offsetOf(localMs - 24 * HOUR_MS);
    const after = this.#offsetOf(localMs + 24 * HOUR_MS);
    let offset = before;
    if (before !== after) {
      const fits = (one: number) => this.#offsetOf(localMs - one) === one;
      const both = [before, after].filter(fits);
      offset = both.length === 0 ? before : Math.max(...both);
    }
    if (this.#offsets.size >= HOURS_KEPT) this.#offsets.clear();
    this.#offsets.set(quarter, offset);
    return offset;
  }

  /** Local time less UTC at a UTC time. */
  #offsetOf(utcMs: number): number {
    const part: Record<string, number> = {};
    for (const { type, value } of this.#format!.formatToParts(utcMs)) part[type] = Number(value);
    const local = Date.UTC(
      part.year,
      part.month - 1,
      part.day,
      part.hour,
      part.minute,
      part.second,
    );
    return local - Math.floor(utcMs / 1000) * 1000;
  }
}

const zones = new Map<string, Zone>();
const UTC = new Zone("UTC");

/** The zone of that name, kept for the next call; UTC where the runtime does not know the name. */
export function zoneOf(name: string): Zone {
  const known = zones.get(name);
  if (known !== undefined) return known;
  let zone = UTC;
  try {
    zone = new Zone(name);
  } catch {
    // An entry's time zone is checked where the entry is; a name of another machine's zone data falls back.
  }
  if (zones.size >= ZONES_KEPT) zones.clear();
  zones.set(name, zone);
  return zone;
}
