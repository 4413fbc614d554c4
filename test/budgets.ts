/**
 * Minutes that each folder of tests may take on two cores with warm caches; more is a failure, and so is a folder with
 * tests and no budget. The sum is 25 at most.
 */
export const BUDGET_MINUTES: Readonly<Record<string, number>> = {
  "unit": 1.2,
  "test/support": 0.25,
  "test/tidy": 0.1,
  "test/sim": 0.7,
  "test/conformance": 0.1,
  "test/servers": 1.15,
  "test/store": 0.45,
  "test/page": 3,
  "test/cli": 1.25,
  "test/agent": 3.25,
  "test/transfer": 3.75,
  "test/fuzz": 0.25,
  "test/monitor": 1.75,
  "test/search": 0.65,
  "test/control": 3,
  "test/deploy": 1.2,
  "test/e2e": 2.95,
};

/** Folders that `npm test` leaves out: each is a task of its own, `npm run test:NAME`, with these minutes. */
export const LONG_MINUTES: Readonly<Record<string, number>> = {
  "test/docker": 15,
  "test/docs": 5,
  "test/engines": 16,
  "test/mutate": 2,
  "test/security": 5,
  "test/faults": 12,
  "test/soak": 18,
};

/** Long folders that run for long and need little: they run beside others. */
export const BESIDE: ReadonlySet<string> = new Set(["test/soak"]);

/** Long folders with time-outs that a busy machine reaches: nothing runs beside them. */
export const ALONE: ReadonlySet<string> = new Set(["test/engines", "test/faults"]);

/** Folders whose tests talk to the shared servers. */
export const NEED_SERVERS: readonly string[] = [
  "test/servers",
  "test/agent",
  "test/transfer",
  "test/monitor",
  "test/search",
  "test/control",
  "test/deploy",
  "test/e2e",
  "test/docs",
  "test/engines",
  "test/security",
];

/** Folders whose tests run the executables of dist/. */
export const NEED_EXECUTABLES: readonly string[] = [
  "test/agent",
  "test/transfer",
  "test/monitor",
  "test/store",
  "test/search",
  "test/deploy",
  "test/docker",
  "test/docs",
  "test/e2e",
  "test/engines",
  "test/faults",
  "test/soak",
];

/** Folders all of whose tests run executables: without a base for `deno compile` they are skipped. */
export const ONLY_EXECUTABLES: readonly string[] = [
  "test/deploy",
  "test/docker",
  "test/docs",
  "test/e2e",
  "test/faults",
  "test/soak",
];

/** Folders whose tests are not checked for timers, requests and files that they leave behind, and why. */
export const LEAVE_BEHIND: Readonly<Record<string, string>> = {
  "test/transfer": "the Elasticsearch client keeps timers that all its instances share",
  "test/search": "the same",
};
