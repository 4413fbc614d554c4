/**
 * The begin of a watch whose listeners hear everything. etcd sends what happened since the start revision right behind
 * its "created", and the builder's own create() hands the watcher over only afterwards: what came in between would be
 * lost without a word.
 */
import type { WatchBuilder, Watcher } from "etcd3";

/**
 * Settles when etcd has confirmed the watch; rejects with etcd's error. Sets no deadline: see bounded.ts.
 * @param listen adds the listeners, before anything is sent
 */
export async function beginWatch(
  builder: WatchBuilder,
  listen: (watcher: Watcher) => void,
): Promise<Watcher> {
  const watcher = builder.watcher();
  const confirmed = new Promise<void>((resolve, reject) => {
    watcher.once("connected", () => resolve());
    watcher.once("error", reject);
  });
  listen(watcher);
  await confirmed;
  return watcher;
}
