/** How a transfer shows itself in etcd: the rules that it applied, whether it delivers, its lag. */
import {
  type ProgramRegistration,
  programRegistration,
} from "../core/fleet/program_registration.ts";
import type { ProgramState } from "../core/fleet/registration_schema.ts";
import type { Transfer } from "./transfer.ts";

/** Undefined where there is no etcd. */
export function transferRegistration(
  transfer: Transfer,
  status: () => string,
): ProgramRegistration | undefined {
  const { etcd, fleet } = transfer.settings;
  const host = Deno.hostname();
  const state = () => stateOf(transfer);
  return programRegistration({ program: "transfer", etcd, fleet, host, status, state });
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
      linesInMemory: lanes.reduce((sum, lane) => sum + lane.lines, 0),
    },
  };
}
