/** What is used of kafkajs beyond its public face does what we rely on. */
import assert from "node:assert/strict";
// @ts-ignore: kafkajs has no types for its inner files
import ConsumerGroup from "kafkajs/src/consumer/consumerGroup.js";
// @ts-ignore: as above
import InstrumentationEventEmitter from "kafkajs/src/instrumentation/emitter.js";
import { AT_ONCE } from "./kafkajs_group.ts";

Deno.test("kafkajs's group sends a heartbeat at once, also where the clock was set back an hour", async () => {
  const group = new (ConsumerGroup as any)({
    retry: {},
    logger: { namespace: () => ({}) },
    topics: [],
    topicConfigurations: {},
    instrumentationEmitter: new InstrumentationEventEmitter(),
  });
  let sent = 0;
  group.memberId = "we";
  group.coordinator = { heartbeat: () => Promise.resolve(sent++) };
  group.lastRequest = Date.now() + 3_600_000;
  await group.heartbeat({ interval: 0 });
  assert.equal(sent, 0, "as kafkajs does it");
  await group.heartbeat({ interval: AT_ONCE });
  assert.equal(sent, 1);
});
