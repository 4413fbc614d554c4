import assert from "node:assert/strict";
import fc from "fast-check";
import { OffsetTracker } from "./offset_tracker.ts";

Deno.test("OffsetTracker names nothing before a record is finished", () => {
  const tracker = new OffsetTracker();
  assert.equal(tracker.position, -1);
  tracker.take(5);
  assert.equal(tracker.position, -1);
});

Deno.test("OffsetTracker.finish() moves the position over an unbroken run only", () => {
  const tracker = new OffsetTracker();
  const tickets = [10, 11, 15, 16].map((offset) => tracker.take(offset));
  tracker.finish(tickets[1]);
  tracker.finish(tickets[3]);
  assert.equal(tracker.position, -1);
  tracker.finish(tickets[0]);
  assert.equal(tracker.position, 12);
  tracker.finish(tickets[2]);
  assert.equal(tracker.position, 17);
  assert.equal(tracker.inFlight, 0);
});

Deno.test("OffsetTracker.take() refuses what it has seen, and finish() a second time throws", () => {
  const tracker = new OffsetTracker();
  const ticket = tracker.take(3);
  assert.equal(tracker.take(3), -1);
  assert.equal(tracker.take(2), -1);
  tracker.finish(ticket);
  assert.throws(() => tracker.finish(ticket), /Invariant broken/);
});

Deno.test("OffsetTracker.skipTo() passes control records, but no unfinished record", () => {
  const tracker = new OffsetTracker();
  tracker.skipTo(7);
  assert.equal(tracker.position, 7);
  const ticket = tracker.take(7);
  tracker.skipTo(9);
  assert.equal(tracker.position, 7);
  tracker.finish(ticket);
  assert.equal(tracker.position, 9);
});

/** The same, written so plainly that it is right by reading. */
class Model {
  taken: { behind: number; finished: boolean }[] = [];
  next = -1;
  base = -1;
  position(): number {
    let position = this.base;
    for (const record of this.taken) {
      if (!record.finished) break;
      position = record.behind;
    }
    return position;
  }
}

Deno.test("OffsetTracker agrees with a plain model for any order of events", () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("take" as const), gap: fc.integer({ min: -3, max: 4 }) }),
    fc.record({ kind: fc.constant("finish" as const), pick: fc.nat(200) }),
    fc.record({ kind: fc.constant("skip" as const), gap: fc.integer({ min: 0, max: 3 }) }),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
    const tracker = new OffsetTracker(), model = new Model();
    const open: { ticket: number; index: number }[] = [];
    for (const event of steps) {
      if (event.kind === "take") {
        const offset = Math.max(0, model.next) + event.gap;
        if (offset < 0) continue;
        const ticket = tracker.take(offset);
        assert.equal(ticket === -1, offset < model.next);
        if (ticket === -1) continue;
        open.push({ ticket, index: model.taken.length });
        model.taken.push({ behind: offset + 1, finished: false });
        model.next = offset + 1;
      } else if (event.kind === "finish" && open.length > 0) {
        const [{ ticket, index }] = open.splice(event.pick % open.length, 1);
        tracker.finish(ticket);
        model.taken[index].finished = true;
      } else if (event.kind === "skip") {
        const to = Math.max(0, model.next) + event.gap;
        tracker.skipTo(to);
        if (to > model.next) {
          model.next = to;
          const lastOpen = model.taken.findLast((record) => !record.finished);
          const all = lastOpen === undefined;
          if (all) model.base = to, model.taken = [];
          else model.taken[model.taken.length - 1].behind = to;
        }
      }
      assert.equal(tracker.position, model.position());
      const firstOpen = model.taken.findIndex((record) => !record.finished);
      assert.equal(tracker.inFlight, firstOpen < 0 ? 0 : model.taken.length - firstOpen);
    }
  }));
});

Deno.test("OffsetTracker keeps every record in flight where they become more than it had room for", () => {
  for (const before of [0, 1, 10, 63, 64, 100]) {
    const tracker = new OffsetTracker();
    for (let offset = 0; offset < before; offset++) tracker.finish(tracker.take(offset));
    const tickets = Array.from({ length: 300 }, (_, i) => tracker.take(before + i * 2));
    assert.equal(tracker.inFlight, 300);
    // Every second one, from the back: nothing moves but behind the first.
    for (let i = 299; i >= 1; i -= 2) tracker.finish(tickets[i]);
    assert.equal(tracker.position, before === 0 ? -1 : before);
    assert.equal(tracker.inFlight, 300);
    for (let i = 0; i < 300; i += 2) {
      tracker.finish(tickets[i]);
      assert.equal(tracker.position, before + (i + 1) * 2 + 1, `${before} before, ${i} finished`);
      assert.equal(tracker.inFlight, 298 - i);
    }
  }
});

Deno.test("OffsetTracker still knows what was finished when it got more room", () => {
  for (const before of [0, 7, 64]) {
    const tracker = new OffsetTracker();
    for (let offset = 0; offset < before; offset++) tracker.finish(tracker.take(offset));
    const tickets = Array.from({ length: 64 }, (_, i) => tracker.take(before + i));
    tracker.finish(tickets[1], 20);
    tracker.finish(tickets[30]);
    const more = tracker.take(before + 64);
    tracker.finish(tickets[0]);
    assert.equal(tracker.position, before + 21);
    assert.throws(() => tracker.finish(tickets[30]), /is finished once/);
    tracker.finish(tickets[21], 9);
    assert.equal(tracker.position, before + 31);
    tracker.finish(tickets[31], 33);
    assert.equal(tracker.position, before + 64);
    tracker.finish(more);
    assert.equal(tracker.position, before + 65);
  }
});

Deno.test("OffsetTracker does not take a record for finished whose place another one had", () => {
  const tracker = new OffsetTracker();
  for (let round = 0; round < 5; round++) {
    const at = tracker.next < 0 ? 0 : tracker.next;
    const tickets = Array.from({ length: 64 }, (_, i) => tracker.take(at + i));
    tracker.finish(tickets[1], 63);
    assert.equal(tracker.position, at === 0 ? -1 : at);
    tracker.finish(tickets[0]);
    assert.equal(tracker.position, at + 64);
  }
});

Deno.test("OffsetTracker refuses offsets that are not exact, and tickets that are not in flight", () => {
  const tracker = new OffsetTracker();
  assert.throws(() => tracker.take(2 ** 53), /is exact/);
  assert.throws(() => tracker.finish(0), /is in flight/);
  const first = tracker.take(0), second = tracker.take(1);
  assert.throws(() => tracker.finish(second, 2), /is in flight/);
  tracker.finish(second);
  assert.throws(() => tracker.finish(second), /is finished once/);
  assert.throws(() => tracker.finish(first, 2), /is finished once/);
  assert.throws(() => tracker.finish(-1), /is in flight/);
});

Deno.test("OffsetTracker.skipTo() backwards or to where it stands changes nothing", () => {
  const tracker = new OffsetTracker();
  tracker.skipTo(7);
  tracker.skipTo(3);
  assert.deepEqual([tracker.next, tracker.position], [7, 7]);
  const ticket = tracker.take(9);
  tracker.skipTo(10);
  tracker.skipTo(4);
  tracker.finish(ticket);
  assert.deepEqual([tracker.next, tracker.position], [10, 10]);
});
