/** The paths of the fleet as routes of the API, with a bound on streams. */
import type { Context } from "hono";
import { WeirError } from "../../core/errors.ts";
import type { Clock } from "../../core/ports/clock.ts";
import type { FleetView } from "../fleet/fleet_view.ts";
import { DEAD_PARAMETERS, deadAnswer } from "./dead_letters.ts";
import {
  filesAnswer,
  FLEET_PARAMETERS,
  fleetAnswer,
  fleetOf,
  fleetRequest,
  fleetStream,
  programAnswer,
} from "./fleet.ts";
import { configAnswer } from "./fleet_config.ts";
import { invalid, type Parameters } from "./parameters.ts";

const STREAMS_MAX = 100;

export type Route = [
  path: string,
  known: readonly string[],
  answer: (parameters: Parameters, context: Context) => Promise<Response> | Response,
];

/** @param stopping aborts when the server stops */
export function fleetRoutes(
  fleet: FleetView | undefined,
  clock: Clock,
  stopping: AbortSignal,
): Route[] {
  let streams = 0;
  const stream = (parameters: Parameters, context: Context) => {
    if (streams >= STREAMS_MAX) {
      throw new WeirError("SEARCH_BUSY", `${STREAMS_MAX} pages of the fleet are open`, {
        hint: "Close one of them.",
        retriable: true,
      });
    }
    const view = fleetOf(fleet), request = fleetRequest(parameters);
    const client = context.req.raw.signal;
    streams++;
    client.addEventListener("abort", () => streams--, { once: true });
    return fleetStream(view, {
      request,
      id: parameters.text("id") ?? "",
      clock,
      gone: AbortSignal.any([client, stopping]),
    });
  };
  const program = async (parameters: Parameters) => {
    const id = parameters.text("id");
    if (id === undefined) throw invalid("Parameter id is missing", "Take it from /api/fleet.");
    return Response.json(await programAnswer(fleetOf(fleet), id));
  };
  const audit = async (parameters: Parameters) => {
    const host = parameters.text("host");
    if (host === undefined) throw invalid("Parameter host is missing", "Take it from /api/fleet.");
    const known = fleetOf(fleet).audit;
    if (known === undefined) {
      throw new WeirError("FLEET_NO_AUDIT", "This page knows no ledger", {
        hint:
          "Set kafka.brokers in its settings file; in weir up there is one process and no ledger.",
      });
    }
    return Response.json(await known({ host, file: parameters.text("file") ?? "" }));
  };
  return [
    [
      "/api/fleet",
      FLEET_PARAMETERS,
      async (parameters) =>
        Response.json(await fleetAnswer(fleetOf(fleet), fleetRequest(parameters))),
    ],
    [
      "/api/fleet/config",
      ["target"],
      (parameters) => configAnswer(fleet?.config, parameters),
    ],
    ["/api/fleet/audit", ["host", "file"], audit],
    ["/api/fleet/dead", DEAD_PARAMETERS, (parameters) => deadAnswer(fleet?.dead, parameters)],
    ["/api/fleet/program", ["id"], program],
    [
      "/api/fleet/files",
      ["q", "host", "limit"],
      (parameters) => Response.json(filesAnswer(fleetOf(fleet), parameters)),
    ],
    ["/api/fleet/stream", [...FLEET_PARAMETERS, "id"], stream],
  ];
}
