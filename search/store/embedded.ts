/**
 * Where the second thread's program is. From source it is a file; an executable carries it: the
 * build puts a module with the bundled program as a data URL in the place of this one.
 */

/** Address of the module that the thread runs. */
export function scanWorkerUrl(): string {
  return new URL("./scan_worker_main.ts", import.meta.url).href;
}
