/**
 * kafkajs's queue of requests by a clock that nobody sets: kafkajs 2.2.4 goes by the time of day. Where that was set
 * back a throttled connection sent nothing, and a request that was never answered had no time-out, until it was as late
 * again. It sets no timer where there is nothing to wait for, either: one of a negative time is warned of by newer
 * runtimes (tulios/kafkajs#1751). Importing this changes kafkajs for the whole program.
 */
// @ts-ignore: kafkajs has no types for its inner files
import RequestQueue from "kafkajs/src/network/requestQueue/index.js";

const PENDING_MS = 10, TIMEOUT_CHECK_MS = 100;

interface Request {
  requestTimeout: number;
  timeoutRequest(): void;
}

/** What of kafkajs's RequestQueue is used. */
interface Queue {
  maxInFlightRequests: number | null;
  requestTimeout: number;
  enforceRequestTimeout: boolean;
  inflight: Map<number, Request>;
  pending: Request[];
  /** performance.now() */
  throttledUntil: number;
  throttleCheckTimeoutId: ReturnType<typeof setTimeout> | null;
  requestTimeoutIntervalId?: ReturnType<typeof setInterval>;
  isConnected(): boolean;
  destroy(): void;
  checkPendingRequests(): void;
}

/** When a request was first seen under way, performance.now(). */
const underWaySince = new WeakMap<Request, number>();

Object.assign(RequestQueue.prototype, {
  /** Undefined where the answer knows no throttling, such as those of a login. */
  maybeThrottle(this: Queue, waitMs: number | null | undefined): void {
    if (waitMs == null || waitMs <= 0) return;
    this.throttledUntil = Math.max(performance.now() + waitMs, this.throttledUntil);
  },

  canSendSocketRequestImmediately(this: Queue): boolean {
    const { maxInFlightRequests: most, inflight } = this;
    return (most == null || inflight.size < most) && this.throttledUntil <= performance.now();
  },

  scheduleCheckPendingRequests(this: Queue): void {
    if (this.pending.length === 0 || this.throttleCheckTimeoutId !== null) return;
    const waitMs = this.throttledUntil - performance.now();
    this.throttleCheckTimeoutId = setTimeout(() => {
      this.throttleCheckTimeoutId = null;
      this.checkPendingRequests();
    }, waitMs > 0 ? Math.ceil(waitMs) : PENDING_MS);
  },

  scheduleRequestTimeoutCheck(this: Queue): void {
    if (!this.enforceRequestTimeout) return;
    this.destroy();
    this.requestTimeoutIntervalId = setInterval(() => {
      const now = performance.now();
      for (const request of [...this.inflight.values()]) {
        const sinceMs = underWaySince.get(request) ?? now;
        underWaySince.set(request, sinceMs);
        if (now - sinceMs > request.requestTimeout) request.timeoutRequest();
      }
      if (!this.isConnected()) this.destroy();
    }, Math.min(this.requestTimeout, TIMEOUT_CHECK_MS));
  },
});
