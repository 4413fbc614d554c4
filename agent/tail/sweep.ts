/**
 * Which paths a sweep looks at: all that are not known, and of the known ones as many as its period allows, in turn. Of
 * the others the system tells when they change.
 */

/** Known files that are looked at by name, for each second of the period: a hundred thousand idle ones cost nothing. */
const SWEPT_PER_SECOND = 50;

export class Sweep {
  #turn = 0;

  /** @param periodMs between two sweeps */
  due(
    paths: Iterable<string>,
    isKnown: (path: string) => boolean,
    periodMs: number,
  ): (path: string) => boolean {
    const known = [...paths].filter(isKnown);
    const budget = Math.ceil(periodMs / 1000 * SWEPT_PER_SECOND);
    if (known.length <= budget) return () => true;
    const start = this.#turn % known.length;
    this.#turn = start + budget;
    const due = new Set(known.slice(start, start + budget));
    for (const path of known.slice(0, Math.max(0, start + budget - known.length))) due.add(path);
    return (path) => due.has(path) || !isKnown(path);
  }
}
