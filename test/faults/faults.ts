/** All faults of the suite. */
import type { Fault } from "./fault.ts";
import { FILE_FAULTS } from "./file_faults.ts";
import { NETWORK_FAULTS } from "./network_faults.ts";
import { OTHER_FAULTS } from "./other_faults.ts";
import { PROCESS_FAULTS } from "./process_faults.ts";

export const FAULTS: readonly Fault[] = [
  ...PROCESS_FAULTS,
  ...NETWORK_FAULTS,
  ...FILE_FAULTS,
  ...OTHER_FAULTS,
];
