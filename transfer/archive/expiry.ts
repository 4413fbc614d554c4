/** Deletes the days of a topic that are older than it is to be kept: whole days, oldest first, one object after the other. */
import { logOf } from "../../core/log.ts";
import { dayOf } from "../../core/record/identity.ts";
import { manifestFolder, parseDataName, parseManifestName } from "../../core/archive/names.ts";
import type { ObjectStore } from "../../core/archive/objects.ts";

const DAY_MS = 86_400_000;

/**
 * Returns the number of objects of lines that were deleted; manifests of their days go behind them.
 * Rejects with the store's error; what was deleted until then is gone.
 * @param days kept beside the one of today, 1 and more
 */
export async function expire(
  store: ObjectStore,
  topic: string,
  days: number,
  nowMs: number,
): Promise<number> {
  const oldest = dayOf(nowMs - days * DAY_MS), due: { day: string; name: string }[] = [];
  for await (const { name } of store.list(`topic=${topic}/`)) {
    const parsed = parseDataName(name);
    if (parsed !== undefined && parsed.day < oldest) due.push({ day: parsed.day, name });
  }
  due.sort((a, b) => a.day < b.day ? -1 : a.day > b.day ? 1 : 0);
  for (const { name } of due) await store.delete(name);
  for await (const { name } of store.list(manifestFolder(topic))) {
    if ((parseManifestName(name)?.day ?? oldest) < oldest) await store.delete(name);
  }
  if (due.length > 0) {
    const log = logOf("transfer.archive");
    log.info("Objects deleted by age", { topic, objects: due.length, before: oldest });
  }
  return due.length;
}
