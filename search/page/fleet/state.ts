/** What the fleet page knows: its view in the address, the answers of the stream, and how the stream is. */
import { signal } from "@preact/signals";
import type { FleetDetail } from "../../../core/fleet/detail.ts";
import type { LiveProgram } from "../../../core/fleet/live_table.ts";
import type { FleetAnswer as Answer, State } from "../../fleet/fleet_view.ts";
import { apiUrl, getJson, type Problem, problemOf, type Values } from "../client.ts";

export type Program = LiveProgram & { state: State };
export type FleetAnswer = Answer;

export interface ProgramAnswer {
  program: Program;
  detail: FleetDetail | null;
  detailFault: string;
}

export interface FleetPlace {
  q: string;
  program: string;
  state: string;
  order: string;
  offset: number;
  /** The program whose details are shown. */
  id: string;
  /** Words of the files that are shown of it. */
  file: string;
  /** The target whose configuration is shown instead. */
  config: string;
}

export const PAGE_SIZE = 100;
const RETRY_MS = 3000;

function placeOf(search: string): FleetPlace {
  const values = new URLSearchParams(search);
  const text = (name: string) => values.get(name) ?? "";
  return {
    q: text("q"),
    program: text("program"),
    state: text("state"),
    order: text("order"),
    offset: Math.max(0, Math.floor(Number(text("offset")) || 0)),
    id: text("id"),
    file: text("file"),
    config: text("config"),
  };
}

export const place = signal<FleetPlace>(placeOf(location.search));
export const answer = signal<FleetAnswer | undefined>(undefined);
export const chosen = signal<ProgramAnswer | undefined>(undefined);
export const fault = signal<Problem | undefined>(undefined);
export const connection = signal<"connecting" | "live" | "lost">("connecting");

let source: EventSource | undefined, timer: ReturnType<typeof setTimeout> | undefined;
let opened = "";

function valuesOf({ q, program, state, order, offset, id }: FleetPlace): Values {
  return { q, program, state, order, id, offset: offset || undefined, limit: PAGE_SIZE };
}

/** Opens the stream of what is shown, unless it is that already. */
export function follow(): void {
  const url = apiUrl("/api/fleet/stream", valuesOf(place.value));
  if (url === opened && source?.readyState !== EventSource.CLOSED) return;
  opened = url;
  clearTimeout(timer);
  source?.close();
  const now = source = new EventSource(url);
  const on = (name: string, take: (data: any) => void) =>
    now.addEventListener(name, (event) => {
      if (now === source) take(JSON.parse((event as MessageEvent<string>).data));
    });
  now.onopen = () => connection.value = "live";
  on("fleet", (data: FleetAnswer) => {
    answer.value = data;
    fault.value = undefined;
  });
  on("program", (data: ProgramAnswer) => {
    if (data.program.id === place.value.id) chosen.value = data;
  });
  on("fault", (data: Problem) => fault.value = data);
  now.onerror = () => {
    if (now !== source) return;
    connection.value = "lost";
    if (now.readyState !== EventSource.CLOSED) return;
    // Refused: the browser does not try again, we do; and ask once for the reason.
    timer = setTimeout(follow, RETRY_MS);
    getJson("/api/fleet", { limit: 1 }).catch((error) => fault.value = problemOf(error));
  };
}

/** Shows something else; `push` makes it a step of the browser's history. */
export function show(change: Partial<FleetPlace>, push = false): void {
  const next = { ...place.value, ...change };
  if (change.q !== undefined || change.program !== undefined || change.state !== undefined) {
    next.offset = change.offset ?? 0;
  }
  if (change.id !== undefined && change.config === undefined) next.config = "";
  if (next.id !== place.value.id) chosen.value = undefined;
  place.value = next;
  const values = new URLSearchParams();
  for (const [name, value] of Object.entries(next)) {
    if (value !== "" && value !== 0) values.set(name, String(value));
  }
  const text = values.toString(), address = text === "" ? "/fleet" : `/fleet?${text}`;
  if (push) history.pushState(null, "", address);
  else history.replaceState(null, "", address);
  follow();
}

export function readAddress(): void {
  place.value = placeOf(location.search);
  if (chosen.value?.program.id !== place.value.id) chosen.value = undefined;
  follow();
}

/** A link from a line names its host: the agent of that name is opened where there is one. */
export async function openNamedHost(): Promise<void> {
  const values = new URLSearchParams(location.search), host = values.get("host");
  if (host === null) return follow();
  show({ q: host, program: "agent", file: values.get("file") ?? "" });
  try {
    const found = await getJson<FleetAnswer>("/api/fleet", {
      q: host,
      program: "agent",
      limit: 500,
    });
    const one = found.programs.find((program) => program.host === host);
    if (one !== undefined) show({ id: one.id });
  } catch (error) {
    fault.value = problemOf(error);
  }
}
