/** Writes many new files into the checkpoint at once; a single one is noted when a line of it is found. */
import type { TailedFile } from "./tailed_file.ts";

/** New files that one write of the checkpoint notes. */
const NOTED_TOGETHER = 1024;

/** A fault is told of by the look at the file, which meets it again. */
export async function noteTogether(
  files: Iterable<TailedFile>,
  isStopping: () => boolean,
  save: () => Promise<void>,
): Promise<void> {
  const fresh = [...files].filter((file) => file.decided && !file.life.isNoted && file.size > 0);
  for (let i = 0; i < fresh.length && fresh.length > 1; i += NOTED_TOGETHER) {
    if (isStopping()) return;
    const group = fresh.slice(i, i + NOTED_TOGETHER);
    try {
      const isNoted = await Promise.all(group.map((file) => file.noteAhead()));
      if (isNoted.includes(true)) await save();
      group.forEach((file, k) => isNoted[k] && file.life.synced());
    } catch {
      continue; // as above
    }
  }
}
