/** No wait for etcd is without a bound: etcd3's watch with a wrong password, for one, never settles. */
import { EtcdPermissionDeniedError, GRPCDeadlineExceededError } from "etcd3";
import { WeirError } from "../errors.ts";
import type { Clock } from "../ports/clock.ts";

/** The result of `work`, or ETCD_TIMEOUT (retriable) after `ms`. `action` begins the message: "Cannot read /a". */
export async function bounded<T>(
  work: Promise<T>,
  clock: Clock,
  ms: number,
  action: string,
): Promise<T> {
  const end = new AbortController();
  const late = clock.sleep(ms, end.signal).then(() => {
    throw new WeirError("ETCD_TIMEOUT", `${action}: etcd did not answer within ${ms} ms`, {
      hint: "Check that etcd runs, and user and password.",
      retriable: true,
    });
  });
  work.catch(() => {}); // it may fail after the deadline, when nobody waits any more
  late.catch(() => {});
  try {
    return await Promise.race([work, late]);
  } finally {
    end.abort();
  }
}

/** True where etcd says that this user may not. */
export function isRefusal(error: unknown): boolean {
  return error instanceof EtcdPermissionDeniedError;
}

/** True for a failure that is no answer: a connection with several of them is made anew. */
export function isSilence(error: unknown): boolean {
  return error instanceof GRPCDeadlineExceededError ||
    (error instanceof WeirError && (error.code === "ETCD_TIMEOUT" || isSilence(error.cause)));
}
