/** Which of the registered hosts a person means: how many, which by name, or which by label. */
import { WeirError } from "../../core/errors.ts";
import type { Registered } from "../../core/fleet/registration_schema.ts";

/** The hosts that are to try it. Throws USAGE_CANARY where the words name none. */
export function choose(all: readonly Registered[], which: string): Registered[] {
  if (/^\d+$/.test(which)) {
    // Those that are well now say more than those that are not.
    const well = [...all].sort((a, b) => Number(b.health.ok) - Number(a.health.ok));
    return well.slice(0, Number(which));
  }
  const label = /^([^=]+)=(.*)$/.exec(which), names = which.split(",");
  const chosen = all.filter((one) =>
    label !== null ? one.labels[label[1]] === label[2] : names.includes(one.host)
  );
  if (chosen.length > 0) return chosen;
  throw new WeirError("USAGE_CANARY", `No registered host fits --canary ${which}`, {
    hint: `There are: ${all.slice(0, 20).map(({ host }) => host).join(", ")}`,
  });
}
