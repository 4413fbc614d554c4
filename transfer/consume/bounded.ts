/** A wait that ends: for calls of client libraries that may never settle. */
import { WeirError } from "../../core/errors.ts";

/**
 * Settles as `promise` does, or rejects with TIMED_OUT (retriable) after `limitMs`; the call itself
 * goes on.
 */
export function bounded<T>(promise: Promise<T>, limitMs: number): Promise<T> {
  const late = Promise.withResolvers<T>();
  const timer = setTimeout(() => {
    late.reject(
      new WeirError("TIMED_OUT", `No answer within ${limitMs} ms`, { retriable: true }),
    );
  }, limitMs);
  return Promise.race([promise, late.promise]).finally(() => clearTimeout(timer));
}
