/** Faults of clocks: the time of day of one program jumps by an hour while lines flow, and jumps back. */
import type { Fault } from "./fault.ts";

/** A broker of Kafka refuses times that are more than an hour ahead of its own; this is as much and a little more. */
const HOUR_S = 3660;

const JUMPS = [
  { name: "an hour ahead", seconds: HOUR_S },
  { name: "an hour back", seconds: -HOUR_S },
] as const;

export const CLOCK_FAULTS: readonly Fault[] = (["weir-agent", "weir-transfer"] as const).flatMap(
  (program) =>
    JUMPS.map(({ name, seconds }): Fault => ({
      name: `the clock of ${program} jumps ${name}`,
      hits: program,
      needs: ["kafka", "etcd", "way etcd", "way transfer kafka", "group"],
      cases: [20],
      begin: async (chain) => {
        const clock = await chain.clockOf(program);
        clock.jump(seconds);
        return () => clock.jump(0);
      },
    })),
);
