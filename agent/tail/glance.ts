/**
 * While there is always something to read, what the system tells of other files stands behind what it tells of the busy
 * ones: so some of the others are looked at in each round, in turn, and a busy file does not hold them up.
 */
import type { TailedFile } from "./tailed_file.ts";

/** Files that are looked at in a round. */
const GLANCED = 16;

export class Glances {
  #left: TailedFile[] = [];

  /** Looks at the next ones; `found` is called for those that changed, or could not be looked at. */
  async next(
    open: Iterable<TailedFile>,
    isDirty: (file: TailedFile) => boolean,
    found: (file: TailedFile) => void,
  ): Promise<void> {
    for (let i = 0; i < GLANCED; i++) {
      const file = this.#left.pop();
      if (file === undefined) {
        this.#left = [...open];
        return;
      }
      if (file.closed || !file.decided || file.packed !== undefined || isDirty(file)) continue;
      try {
        const { size, modifiedMs } = await file.measure();
        const { measured } = file;
        if (size !== measured.size || modifiedMs !== measured.modifiedMs) found(file);
      } catch {
        found(file); // the look meets the fault again, and tells of it
      }
    }
  }
}
