/**
 * Minutes that each folder of tests may take on two cores with warm caches; more is a failure, and so is a folder with
 * tests and no budget. The sum is 25 at most.
 */
export const BUDGET_MINUTES: Readonly<Record<string, number>> = {
  "unit": 2,
  "test/support": 1,
  "test/tidy": 1,
  "test/sim": 1,
  "test/conformance": 1,
  "test/servers": 2,
  "test/store": 2,
  "test/page": 3,
  "test/cli": 1,
  "test/agent": 2,
  "test/transfer": 4,
  "test/monitor": 2,
  "test/e2e": 3,
};

/** Folders whose tests talk to the shared servers. */
export const NEED_SERVERS: readonly string[] = [
  "test/servers",
  "test/agent",
  "test/transfer",
  "test/monitor",
  "test/e2e",
];

/** Folders whose tests run the executables of dist/. */
export const NEED_EXECUTABLES: readonly string[] = [
  "test/agent",
  "test/transfer",
  "test/monitor",
  "test/store",
  "test/e2e",
];

/** Folders all of whose tests run executables: without a base for `deno compile` they are skipped. */
export const ONLY_EXECUTABLES: readonly string[] = ["test/e2e"];

/** Folders whose tests are not checked for timers, requests and files that they leave behind, and why. */
export const LEAVE_BEHIND: Readonly<Record<string, string>> = {
  "test/page": "core/http/status_server.ts leaves its timer of 500 ms when it closes",
  "test/cli": "core/http/status_server.ts leaves its timer of 500 ms when it closes",
  "test/transfer": "the Elasticsearch client keeps timers that all its instances share",
  "test/monitor": "a reader of metrics keeps its files open and has no close",
};
