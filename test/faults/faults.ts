/** All faults of the suite. */
import { CLOCK_FAULTS } from "./clock_faults.ts";
import type { Fault } from "./fault.ts";
import { FILE_FAULTS } from "./file_faults.ts";
import { NETWORK_FAULTS, PACKET_FAULTS } from "./network_faults.ts";
import { OTHER_FAULTS } from "./other_faults.ts";
import { PROCESS_FAULTS } from "./process_faults.ts";
import { UPGRADE_FAULTS } from "./upgrade_faults.ts";

/**
 * Drawn from one list after the other: a new list at the end leaves what a seed plays first as it was, such as the ten
 * faults of the sample.
 */
export const FAULT_LISTS: readonly (readonly Fault[])[] = [
  [...PROCESS_FAULTS, ...NETWORK_FAULTS, ...FILE_FAULTS, ...OTHER_FAULTS],
  [...PACKET_FAULTS, ...CLOCK_FAULTS, ...UPGRADE_FAULTS],
];
