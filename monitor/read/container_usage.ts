/**
 * What one look gives of a control group: a container, a service, or a slice of them. A figure that
 * the kernel does not give for this group is undefined, never 0.
 */
import type { Pressure } from "./host_sample.ts";

export interface ContainerUsage {
  /** Path below the root of the hierarchy, "/" for the root itself, as cAdvisor's label `id`. */
  id: string;
  /** Name and image that Docker gave it; "" where it is none of Docker's, or its files are refused. */
  name: string;
  image: string;
  cpu?: {
    usageSeconds?: number;
    userSeconds?: number;
    systemSeconds?: number;
    /** Periods of the quota since it began; only where there is a quota. */
    periods?: number;
    throttledPeriods?: number;
    throttledSeconds?: number;
    /** Microseconds. */
    quota?: number;
    period?: number;
    shares?: number;
  };
  /** Bytes, and counts of faults. */
  memory?: {
    usage?: number;
    /** What cannot be given back at once: usage less inactive_file. */
    workingSet?: number;
    anonymous?: number;
    fileCache?: number;
    mappedFile?: number;
    swap?: number;
    peak?: number;
    /** 0: none. */
    limit?: number;
    faults?: number;
    majorFaults?: number;
    oomKills?: number;
  };
  threads?: { current: number; max?: number };
  /** By device, "vda". */
  io?: Map<string, DeviceIo>;
  pressure?: Pressure[];
}

export interface DeviceIo {
  readBytes: number;
  writtenBytes: number;
  reads: number;
  writes: number;
}

/** The groups that were looked at, and how many were left out because there are too many. */
export interface Containers {
  found: ContainerUsage[];
  leftOut: number;
}
