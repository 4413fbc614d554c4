/** What the ledger is told of the files that are tailed: how far each is, and which ones went while no agent ran. */
import { WeirError } from "../../core/errors.ts";
import type { Files } from "../../core/ports/files.ts";
import type { FileState } from "../checkpoint/state.ts";
import type { Progress } from "../ledger/sealer.ts";
import { entriesFor } from "./discovery.ts";
import type { Entry } from "./entries.ts";
import { settledState } from "./lane.ts";
import type { TailedFile } from "./tailed_file.ts";

/** One row a file and topic. */
export function shippedOf(open: Iterable<TailedFile>): Progress[] {
  const rows: Progress[] = [];
  for (const { path, state, lanes, size } of open) {
    const { generation, device, inode, head } = state;
    for (const lane of lanes.values()) {
      const { topic, state: { offset }, origin, linesSent: lines } = lane;
      rows.push({
        mark: settledState(lane.state).mark,
        days: lane.state.days,
        heldMs: Math.ceil(lane.takeHeld()),
        ...{ path, device, inode, generation, topic, origin, offset, lines, size },
        ...{ headLength: head.length, head: head.hash },
      });
    }
  }
  return rows;
}

/**
 * Files of the last run that are gone, told once: those that were open when the checkpoint was written, are wanted
 * still, and are none of the files that are there.
 */
export class Vanished {
  readonly #files: Pick<Files, "stat">;
  #looked = false;
  #rows: Progress[] = [];

  constructor(files: Pick<Files, "stat">) {
    this.#files = files;
  }

  /**
   * Looks once, when it is decided what every file is that is there.
   * @param known lives that are not open
   * @param open by device and inode
   */
  look(
    known: Iterable<FileState>,
    entries: readonly Entry[],
    open: ReadonlyMap<string, TailedFile>,
    removed: (path: string, unreadBytes: number) => void,
  ): void {
    if (this.#looked) return;
    for (const { decided, size, isCopy } of open.values()) {
      if (!decided && size > 0 && !isCopy) return;
    }
    this.#looked = true;
    void this.#find([...known], entries, open).then((rows) => {
      for (const { path, size, offset } of rows) removed(path, Math.max(0, size - offset));
      this.#rows = rows;
    });
  }

  take(): Progress[] {
    return this.#rows.splice(0);
  }

  async #find(
    known: readonly FileState[],
    entries: readonly Entry[],
    open: ReadonlyMap<string, TailedFile>,
  ): Promise<Progress[]> {
    const rows: Progress[] = [];
    for (const state of known) {
      const { size, retired, path, device, inode, generation, head, topics } = state;
      if (size === undefined || retired) continue;
      const wanted = new Set(entriesFor(path, entries).map(({ topic }) => topic));
      if (wanted.size === 0 || await this.#isThere(state, open)) continue;
      for (const [topic, { offset }] of Object.entries(topics)) {
        if (!wanted.has(topic)) continue;
        rows.push({
          ...{ path, device, inode, generation, topic, origin: offset, offset, lines: 0, size },
          ...{ headLength: head.length, head: head.hash, away: true },
        });
      }
    }
    return rows;
  }

  /** The file with this inode at its path, unless that is another life by now. What cannot be looked at is there. */
  async #isThere(
    { path, device, inode }: FileState,
    open: ReadonlyMap<string, unknown>,
  ): Promise<boolean> {
    try {
      const stat = await this.#files.stat(path);
      const isSame = stat.device === device && stat.inode === inode;
      return isSame && !open.has(`${device}:${inode}`);
    } catch (error) {
      return !(error instanceof WeirError && error.code === "FILE_NOT_FOUND");
    }
  }
}
