/** Who is registered now. */
import type { Etcd3 } from "etcd3";
import { bounded } from "../etcd/bounded.ts";
import { etcdError } from "../etcd/client.ts";
import { systemClock } from "../ports/clock.ts";
import type { Target } from "./keys.ts";
import { decodeRegistration, type Registered } from "./registration_schema.ts";

/** All programs that are registered, by program and host. Rejects with ETCD_UNREACHABLE and the like. */
export async function readLive(
  client: Etcd3,
  prefix: string,
  timeoutMs: number,
): Promise<Registered[]> {
  try {
    const values = await bounded(
      client.getAll().prefix(prefix).strings(),
      systemClock,
      timeoutMs,
      "Cannot read who is registered",
    );
    const found = Object.values(values).map(decodeRegistration).filter((one) => one !== undefined);
    const name = (one: Registered) => `${one.program} ${one.host} ${one.id}`;
    return found.sort((a, b) => name(a) < name(b) ? -1 : 1);
  } catch (error) {
    throw etcdError(error, "Cannot read who is registered");
  }
}

/** The agents that a target's value reaches; for topics the transfers. */
export function concernedBy(target: Target, live: readonly Registered[]): Registered[] {
  if (target.kind === "topics") return live.filter(({ program }) => program === "transfer");
  return live.filter((one) =>
    one.program === "agent" &&
    (target.kind === "group"
      ? one.groups.includes(target.name)
      : one.ip === target.name || one.host === target.name)
  );
}
