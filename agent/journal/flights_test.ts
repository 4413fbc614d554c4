import assert from "node:assert/strict";
import { Flights } from "./flights.ts";

const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("Flights: the cursor moves over what is acknowledged without a gap, and never past a refusal", async () => {
  const flights = new Flights("0"), sends = [0, 1, 2, 3].map(() => Promise.withResolvers<void>());
  let refused = 0;
  sends.forEach((send, i) => flights.add(String(i + 1), 10, send.promise, () => refused++));
  sends[1].resolve();
  await turn();
  assert.equal(flights.cursor, "0");
  sends[0].resolve();
  await turn();
  assert.equal(flights.cursor, "2");
  sends[2].reject(new Error("refused"));
  sends[3].resolve();
  await turn();
  assert.deepEqual([flights.cursor, refused], ["2", 1]);
});

Deno.test("Flights.below() waits for acknowledgements, and ends with a refusal or the signal", async () => {
  const signal = new AbortController().signal;
  const flights = new Flights(""), send = Promise.withResolvers<void>();
  flights.add("1", 10, send.promise, () => {});
  let there = false;
  const waiting = flights.below(5, signal).then(() => there = true);
  await turn();
  assert.equal(there, false);
  send.resolve();
  await waiting;
  const stuck = new Flights("");
  stuck.add("1", 10, Promise.reject(new Error("refused")), () => {});
  await stuck.below(0, signal);
  const never = new Flights(""), end = new AbortController();
  never.add("1", 10, new Promise(() => {}), () => {});
  const ended = never.below(0, end.signal);
  end.abort();
  await ended;
});
