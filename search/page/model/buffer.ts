/**
 * The one list of lines on the page: history and live lines in order, each once, bounded. Whatever arrives is put in
 * its place; what lies before the oldest line is left out, because scrolling up finds it in the store.
 */
import { compareRows, type Line, type Row, rowOf } from "./line.ts";

/** Most rows that are held. */
export const ROWS_MAX = 100_000;
/** Rows kept while new ones are followed; older ones are in the store. */
export const ROWS_FOLLOWED = 20_000;

export class LineBuffer {
  #rows: Row[] = [];
  #keys = new Set<string>();
  /** The store may have lines before the first row. */
  hasOlder = false;
  /** The store may have lines behind the last row. */
  hasNewer = false;

  get rows(): readonly Row[] {
    return this.#rows;
  }

  clear(): void {
    this.#rows = [];
    this.#keys = new Set();
    this.hasOlder = false;
    this.hasNewer = false;
  }

  /**
   * Puts lines in their places; returns how many were new. `live` lines that lie before the first row are left
   * out where the store has more there anyway.
   */
  add(lines: readonly Line[], live = false): number {
    const fresh: Row[] = [];
    const first = this.#rows[0];
    for (const line of lines) {
      const row = rowOf(line);
      if (this.#keys.has(row.key)) continue;
      if (live && this.hasOlder && first !== undefined && compareRows(row, first) < 0) continue;
      this.#keys.add(row.key);
      fresh.push(row);
    }
    if (fresh.length === 0) return 0;
    fresh.sort(compareRows);
    this.#merge(fresh);
    return fresh.length;
  }

  #merge(fresh: Row[]): void {
    const rows = this.#rows;
    const last = rows[rows.length - 1];
    if (last === undefined || compareRows(last, fresh[0]) < 0) {
      for (const row of fresh) rows.push(row);
      return;
    }
    if (compareRows(fresh[fresh.length - 1], rows[0]) < 0) {
      this.#rows = fresh.concat(rows);
      return;
    }
    const merged: Row[] = [];
    let i = 0, j = 0;
    while (i < rows.length && j < fresh.length) {
      merged.push(compareRows(rows[i], fresh[j]) <= 0 ? rows[i++] : fresh[j++]);
    }
    while (i < rows.length) merged.push(rows[i++]);
    while (j < fresh.length) merged.push(fresh[j++]);
    this.#rows = merged;
  }

  /** Begins anew with these lines; of the rows before, those stay that do not lie before the first of them. */
  restart(lines: readonly Line[]): void {
    const fresh = lines.map(rowOf).sort(compareRows);
    const kept = fresh.length === 0
      ? []
      : this.#rows.filter((row) => compareRows(row, fresh[0]) >= 0).map((row) => row.line);
    this.clear();
    this.add(lines);
    this.add(kept);
  }

  /** Drops the rows before a time, ms; true where there were some. */
  dropBefore(ms: number): boolean {
    let count = 0;
    while (count < this.#rows.length && this.#rows[count].timeMs < ms) count++;
    for (const row of this.#rows.splice(0, count)) this.#keys.delete(row.key);
    return count > 0;
  }

  /** Drops the oldest rows down to `max`. */
  trimOlder(max: number): void {
    if (this.#rows.length <= max) return;
    for (const row of this.#rows.splice(0, this.#rows.length - max)) this.#keys.delete(row.key);
    this.hasOlder = true;
  }

  /** Drops the newest rows down to `max`. */
  trimNewer(max: number): void {
    if (this.#rows.length <= max) return;
    for (const row of this.#rows.splice(max)) this.#keys.delete(row.key);
    this.hasNewer = true;
  }
}

/** Rows as they are shown: continuation lines hide behind their first line unless that is unfolded. */
export interface Shown {
  row: Row;
  /** Continuation lines hidden behind this row. */
  folded: number;
  /** Belongs to the event of a row above. */
  continues: boolean;
  /** Has continuation lines that are shown, so it can be folded. */
  unfolded: boolean;
}

/** The rows to show. `open` holds keys of first lines whose continuation lines are shown. */
export function shownRows(
  rows: readonly Row[],
  fold: boolean,
  open: ReadonlySet<string>,
): Shown[] {
  const shown: Shown[] = [];
  let head: Shown | undefined;
  for (const row of rows) {
    const parent = row.line["event.parent"];
    const belongs = parent !== undefined && head !== undefined &&
      head.row.line._id === parent && head.row.line.topic === row.line.topic;
    if (belongs) {
      if (fold && !open.has(head!.row.key)) {
        head!.folded++;
        continue;
      }
      head!.unfolded = true;
      shown.push({ row, folded: 0, continues: true, unfolded: false });
      continue;
    }
    const one = { row, folded: 0, continues: parent !== undefined, unfolded: false };
    shown.push(one);
    head = one;
  }
  return shown;
}
