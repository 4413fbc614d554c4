/** What is used of kafkajs beyond its public face does what we rely on. */
import assert from "node:assert/strict";
// @ts-ignore: kafkajs has no types for its inner files
import ConsumerGroup from "kafkajs/src/consumer/consumerGroup.js";
// @ts-ignore: as above
import InstrumentationEventEmitter from "kafkajs/src/instrumentation/emitter.js";
// @ts-ignore: as above
import OffsetManager from "kafkajs/src/consumer/offsetManager/index.js";
// @ts-ignore: as above
import { KafkaJSOffsetOutOfRange } from "kafkajs/src/errors.js";
import { AT_ONCE, openGroup } from "./kafkajs_group.ts";

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

/** A group that reads partition 0 of topic t, of which Kafka has offsets from 40 on. */
async function groupAt(committed: string) {
  const commits: unknown[] = [], gaps: unknown[] = [];
  const memberAssignment = { t: [0] };
  const stored: Record<string, Record<number, string>> = {};
  const cluster = {
    connect: () => Promise.resolve(),
    addMultipleTargetTopics: () => Promise.resolve(),
    committedOffsets: () => stored,
    defaultOffset: () => "-2",
    fetchTopicsOffset: () =>
      Promise.resolve([{ topic: "t", partitions: [{ partition: 0, offset: "40" }] }]),
  };
  const log = { info() {}, error() {}, warn() {}, debug() {}, namespace: () => log };
  const kafka = { [Symbol("private:Kafka:createCluster")]: () => cluster, logger: () => log };
  const session = await openGroup(kafka as never, {
    groupId: "g",
    topics: ["t"],
    instanceId: "",
    sessionTimeoutMs: 1000,
    rebalanceTimeoutMs: 1000,
    fetchWaitMs: 1,
    fetchBytes: 1,
    partitionBytes: 1,
    topicsRefreshMs: 60_000,
  }, (...gap) => gaps.push(gap));
  const group = session.group as any;
  group.offsetManager = new (OffsetManager as any)({
    cluster: group.cluster,
    memberAssignment,
    topicConfigurations: { t: { fromBeginning: true } },
    instrumentationEmitter: new InstrumentationEventEmitter(),
    coordinator: {
      isConnected: () => true,
      offsetCommit: (what: unknown) => Promise.resolve(commits.push(what)),
      offsetFetch: () =>
        Promise.resolve({
          responses: [{ topic: "t", partitions: [{ partition: 0, offset: committed }] }],
        }),
    },
    ...{ autoCommit: false, autoCommitInterval: null, autoCommitThreshold: null },
    ...{ groupId: "g", generationId: 1, memberId: "we" },
  });
  await group.offsetManager.resolveOffsets();
  return { session, group, commits, gaps };
}

Deno.test("a group tells of offsets that Kafka does not have, and commits nothing in their place", async () => {
  const { session, group, commits, gaps } = await groupAt("7");
  assert.equal(String(group.offsetManager.nextOffset("t", 0)), "7");
  await group.recoverFromFetch(new KafkaJSOffsetOutOfRange({}, { topic: "t", partition: 0 }));
  assert.deepEqual(gaps, [["t", 0, 40]]);
  assert.deepEqual(commits, [], "who starts next has to see the gap as well");
  assert.equal(String(group.offsetManager.nextOffset("t", 0)), "40");
  assert.equal(session.takesFirst("t", 0), false);
});

Deno.test("a group says once of which partitions it had no offset", async () => {
  const { session, group } = await groupAt("-1");
  assert.equal(String(group.offsetManager.nextOffset("t", 0)), "40");
  assert.equal(session.takesFirst("t", 0), true);
  assert.equal(session.takesFirst("t", 0), false);
});
