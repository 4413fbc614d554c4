/** How a monitor shows itself in etcd: whether its sinks take what it reads. It follows no key. */
import {
  type ProgramRegistration,
  programRegistration,
} from "../core/fleet/program_registration.ts";
import { NOTHING_APPLIED, type ProgramState } from "../core/fleet/registration_schema.ts";
import type { MonitorSettings } from "./config.ts";
import type { Monitor } from "./monitor.ts";

/** Undefined where there is no etcd. */
export function monitorRegistration(
  settings: MonitorSettings,
  monitor: Monitor,
): ProgramRegistration | undefined {
  const { etcd, fleet } = settings;
  return programRegistration({
    program: "monitor",
    etcd,
    fleet,
    host: settings.host === "" ? Deno.hostname() : settings.host,
    status: () => monitor.address() ?? settings.listen,
    state: () => stateOf(monitor),
  });
}

function stateOf(monitor: Monitor): ProgramState {
  const { failing, sinks } = monitor.status();
  const reasons = [
    ...sinks.filter((sink) => sink.lastError !== "").map((sink) =>
      `${sink.name}: ${sink.lastError}${sink.hint && `. ${sink.hint}`}`
    ),
    ...failing.map(({ name, reason }) => `${name}: ${reason}`),
  ];
  return {
    applied: NOTHING_APPLIED,
    health: { ok: reasons.length === 0, reasons, problems: reasons.length },
    summary: {
      buffered: sinks.reduce((sum, sink) => sum + sink.buffered, 0),
      points: sinks.reduce((sum, sink) => sum + sink.written, 0),
      dropped: sinks.reduce((sum, sink) => sum + sink.dropped, 0),
    },
  };
}
