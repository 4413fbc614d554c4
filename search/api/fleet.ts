/**
 * /api/fleet and what is below it: who runs and what each works on, in pages and as a stream of changes. GET only; a
 * server without a fleet says so.
 */
import { WeirError } from "../../core/errors.ts";
import type { FleetDetail } from "../../core/fleet/detail.ts";
import type { Clock } from "../../core/ports/clock.ts";
import {
  findFiles,
  type FleetAnswer,
  type FleetRequest,
  type FleetView,
  selectFleet,
  STATES,
} from "../fleet/fleet_view.ts";
import { errorBody } from "./answers.ts";
import type { Parameters } from "./parameters.ts";

/** Parameters of a page of the fleet. */
export const FLEET_PARAMETERS = ["program", "q", "state", "order", "offset", "limit"] as const;
const PROGRAMS = ["", "agent", "transfer", "monitor", "page"] as const;
const LOOK_MS = 1000;
const PING_MS = 15_000;

/** Throws FLEET_UNKNOWN where this server has none. */
export function fleetOf(view: FleetView | undefined): FleetView {
  if (view !== undefined) return view;
  throw new WeirError("FLEET_UNKNOWN", "This page knows no fleet", {
    hint: "Give it etcd.hosts in its settings file; docs/reference/page.md.",
  });
}

export function fleetRequest(parameters: Parameters): FleetRequest {
  return {
    program: parameters.choice("program", PROGRAMS, ""),
    words: (parameters.text("q") ?? "").slice(0, 500),
    state: parameters.choice("state", ["", ...STATES], ""),
    order: parameters.choice("order", ["host", "lag", "state"], "host"),
    offset: parameters.integer("offset", 0, 1_000_000, 0),
    limit: parameters.integer("limit", 1, 500, 100),
  };
}

export async function fleetAnswer(view: FleetView, request: FleetRequest): Promise<FleetAnswer> {
  const answer = selectFleet(await view.programs(), request);
  return { ...answer, detailFault: view.detailFault() };
}

export interface ProgramAnswer {
  program: FleetAnswer["programs"][number];
  detail: FleetDetail | null;
  detailFault: string;
}

/** One program and what it works on. Rejects with FLEET_NOT_THERE. */
export async function programAnswer(view: FleetView, id: string): Promise<ProgramAnswer> {
  const all = (await view.programs()).filter((one) => one.id === id);
  if (all.length === 0) {
    throw new WeirError("FLEET_NOT_THERE", `"${id.slice(0, 200)}" is not registered`, {
      hint: "It ended, or etcd has not heard of it for longer than its lease.",
    });
  }
  const request = {
    program: "",
    words: "",
    state: "",
    order: "host",
    offset: 0,
    limit: 1,
  } as const;
  const [program] = selectFleet(all, request).programs;
  return { program, detail: view.detail(id) ?? null, detailFault: view.detailFault() };
}

export function filesAnswer(view: FleetView, parameters: Parameters) {
  return {
    ...findFiles(view.details(), {
      words: (parameters.text("q") ?? "").slice(0, 500),
      host: parameters.text("host") ?? "",
      limit: parameters.integer("limit", 1, 500, 100),
    }),
    detailFault: view.detailFault(),
  };
}

/**
 * Events "fleet" and, where an id is given, "program", each time that they differ from what was sent before; "fault"
 * where they cannot be known. Ends with its connection.
 */
export function fleetStream(
  view: FleetView,
  { request, id, clock, gone }: {
    request: FleetRequest;
    id: string;
    clock: Clock;
    /** Aborts when the client left or the server stops. */
    gone: AbortSignal;
  },
): Response {
  const encoder = new TextEncoder(), sent = new Map<string, string>();
  const cancelled = new AbortController();
  const end = AbortSignal.any([gone, cancelled.signal]);
  let saidMs = clock.monotonicMs();
  const look = async () => {
    const parts: Record<string, unknown> = {};
    try {
      parts.fleet = await fleetAnswer(view, request);
      if (id !== "") parts.program = await programAnswer(view, id);
    } catch (error) {
      parts.fault = errorBody(error);
    }
    if (parts.fault === undefined) sent.delete("fault");
    let text = "";
    for (const [event, value] of Object.entries(parts)) {
      const data = JSON.stringify(value);
      if (sent.get(event) === data) continue;
      sent.set(event, data);
      text += `event: ${event}\ndata: ${data}\n\n`;
    }
    return text;
  };
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      while (!end.aborted) {
        let text = await look();
        const now = clock.monotonicMs();
        if (text === "" && now - saidMs > PING_MS) text = ": ping\n\n";
        if (end.aborted) break;
        if (text !== "") {
          saidMs = now;
          controller.enqueue(encoder.encode(text));
        }
        await clock.sleep(LOOK_MS, end);
        if (text !== "" && !end.aborted) return;
      }
      controller.close();
    },
    cancel: () => cancelled.abort(),
  });
  return new Response(body, { headers: { "content-type": "text/event-stream; charset=utf-8" } });
}
