/** How a transfer shows itself in etcd: the rules that it applied, whether it delivers, its lag. */
import { programRegistration } from "../core/fleet/program_registration.ts";
import type { DetailState } from "../core/fleet/detail.ts";
import { DetailPart } from "../core/fleet/detail_part.ts";
import { randomId } from "../core/fleet/identity.ts";
import { createKafka } from "../core/kafka/client.ts";
import type { Part } from "../core/lifecycle.ts";
import type { ProgramState } from "../core/fleet/registration_schema.ts";
import type { Transfer } from "./transfer.ts";

/** Registration and detail of each partition; none where there is no etcd. */
export function transferRegistration(transfer: Transfer, status: () => string): Part[] {
  const { etcd, fleet, detail, kafka } = transfer.settings;
  const host = Deno.hostname(), id = `${host}-${randomId()}`;
  const registration = programRegistration({
    program: "transfer",
    etcd,
    fleet,
    host,
    status,
    id: () => Promise.resolve(id),
    state: () => stateOf(transfer),
  });
  if (registration === undefined) return [];
  if (!detail.enabled) return [registration];
  const told = new DetailPart({
    kafka: createKafka(kafka, "transfer.detail"),
    settings: detail,
    about: { id, host, program: "transfer" },
    state: () => detailOf(transfer),
  });
  return [registration, told];
}

function detailOf({ consumer }: Transfer): DetailState {
  return {
    partitions: [...consumer.lanes].map((lane) => ({
      topic: lane.topic,
      partition: lane.partition,
      committed: lane.committed,
      newest: lane.highWatermark,
      lag: lane.highWatermark >= 0 && lane.committed >= 0
        ? Math.max(0, lane.highWatermark - lane.committed)
        : 0,
      paused: lane.paused,
    })),
  };
}

function stateOf(transfer: Transfer): ProgramState {
  const { topics, consumer } = transfer;
  const lanes = [...consumer.lanes], reasons = transfer.notReady();
  const lag = lanes.map(({ highWatermark, committed }) =>
    highWatermark >= 0 && committed >= 0 ? highWatermark - committed : 0
  );
  return {
    applied: {
      revision: Math.max(0, topics.revision),
      state: topics.state === "" ? "NONE" : topics.state,
      reason: topics.reason.slice(0, 500),
      candidate: "",
      keys: topics.revision < 0 ? {} : { [transfer.settings.topics.key]: topics.revision },
    },
    health: { ok: reasons.length === 0, reasons, problems: reasons.length },
    summary: {
      partitions: lanes.length,
      lagRecords: lag.reduce((sum, one) => sum + Math.max(0, one), 0),
      deadLetters: transfer.deadLetters,
      linesInMemory: lanes.reduce((sum, lane) => sum + lane.lines, 0),
    },
  };
}
