import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { EventEmitter } from "node:events";
// @ts-ignore: kafkajs has no types for its inner files
import RequestQueue from "kafkajs/src/network/requestQueue/index.js";
import "./request_queue.ts";

const HOUR_MS = 3_600_000;

/** A queue on a connection, and requests by number that are sent and rejected. */
function queueOf(requestTimeout: number) {
  const queue = new RequestQueue({
    maxInFlightRequests: 8,
    requestTimeout,
    enforceRequestTimeout: true,
    clientId: "test",
    broker: "k1:9092",
    logger: { debug() {}, warn() {} } as never,
  });
  const events = new EventEmitter(), log: string[] = [];
  const tell = (what: string) => {
    log.push(what);
    events.emit("told");
  };
  const push = (correlationId: number) =>
    queue.push({
      entry: {
        apiKey: 0,
        apiName: "Produce",
        apiVersion: 7,
        correlationId,
        resolve: () => {},
        reject: (error: Error) => tell(`${correlationId} ${error.name}`),
      },
      expectResponse: true,
      sendRequest: () => tell(`${correlationId} sent`),
    });
  const told = async (count: number) => {
    while (log.length < count) {
      await new Promise<void>((resolve) => events.once("told", () => resolve()));
    }
    return log;
  };
  return { queue, push, told, log };
}

/** The time of day an hour earlier while `run` runs. */
async function setBack<T>(run: () => Promise<T>): Promise<T> {
  const { now } = Date;
  Date.now = () => now() - HOUR_MS;
  try {
    return await run();
  } finally {
    Date.now = now;
  }
}

Deno.test("a throttled queue of kafkajs sends when it may, whatever the time of day says", async () => {
  const { queue, push, told, log } = queueOf(30_000);
  queue.maybeThrottle(300);
  push(1);
  assert.deepEqual(log, [], "sent while throttled");
  await setBack(async () => assert.deepEqual(await told(1), ["1 sent"]));
  queue.rejectAll(new Error("end"));
  queue.destroy();
});

Deno.test("a queue of kafkajs sends on behind an answer that knows no throttling, such as a login's", () => {
  const { queue, push, log } = queueOf(30_000);
  for (const none of [undefined, null, 0]) queue.maybeThrottle(none as never);
  push(1);
  assert.deepEqual(log, ["1 sent"]);
  queue.rejectAll(new Error("end"));
  queue.destroy();
});

Deno.test("a request of kafkajs that is never answered ends in time, whatever the time of day says", async () => {
  const { queue, push, told } = queueOf(50);
  queue.scheduleRequestTimeoutCheck();
  push(1);
  await setBack(async () =>
    assert.deepEqual(await told(2), ["1 sent", "1 KafkaJSRequestTimeoutError"])
  );
  queue.destroy();
});

Deno.test("a queue of kafkajs sets no timer where nothing is pending", () => {
  const { queue, push } = queueOf(30_000);
  push(1);
  queue.fulfillRequest({ correlationId: 1, payload: Buffer.alloc(0), size: 0 });
  assert.equal(queue.throttleCheckTimeoutId, null);
});
