/**
 * /api/fleet/config: GET shows a configuration with its history; POST checks, plans, writes, takes back or applies one.
 * POST is for operators, takes one JSON object of bounded size, and answers errors as `weir config` tells them.
 */
import { z } from "zod";
import { WeirError } from "../../core/errors.ts";
import { logOf } from "../../core/log.ts";
import { checkOperator, type Identity } from "../access/identity.ts";
import type { FleetConfig } from "../fleet/fleet_config.ts";
import { errorBody } from "./answers.ts";
import { jsonBody } from "./body.ts";
import { invalid, type Parameters } from "./parameters.ts";

const BODY_BYTES_MAX = 4_200_000;
const VALUE_CHARS_MAX = 2_000_000;

const bodySchema = z.strictObject({
  action: z.enum(["check", "plan", "set", "rollback", "apply"]),
  target: z.string().max(200),
  text: z.string().max(VALUE_CHARS_MAX).default(""),
  base: z.number().int().min(0).default(0),
  why: z.string().max(1000).default(""),
  to: z.number().int().min(1).optional(),
  canary: z.string().max(1000).default("1"),
  /** How long canaries must be well, seconds. */
  hold: z.number().min(0).max(3600).default(10),
});

/** Throws FLEET_UNKNOWN where this server can change nothing. */
export function configOf(config: FleetConfig | undefined): FleetConfig {
  if (config !== undefined) return config;
  throw new WeirError("FLEET_UNKNOWN", "This page knows no configuration in etcd", {
    hint: "Give it etcd.hosts in its settings file; docs/reference/page.md.",
  });
}

export async function configAnswer(
  config: FleetConfig | undefined,
  parameters: Parameters,
): Promise<Response> {
  const target = parameters.text("target");
  if (target === undefined) throw invalid("Parameter target is missing", "Such as group/web.");
  return Response.json(await configOf(config).read(target));
}

/** Rejects with ACCESS_OPERATOR, PARAMETER_INVALID, and what the change is refused with. */
export async function changeAnswer(
  config: FleetConfig | undefined,
  identity: Identity,
  request: Request,
  stopping: AbortSignal,
): Promise<Response> {
  checkOperator(identity);
  const known = configOf(config), who = `${identity.name}@page`;
  const { action, to, canary, hold, ...given } = await jsonBody(
    request,
    bodySchema,
    BODY_BYTES_MAX,
  );
  const { target, text, base, why } = given, change = { target, text, base, why, who };
  if (action === "check") return Response.json({ entries: known.check(target, text) });
  if (action === "plan") return Response.json(await known.plan(target, text, who));
  const log = logOf("fleet");
  const done = (revision: number) => {
    log.info("Configuration changed", { target, action, who, revision });
    return Response.json({ revision });
  };
  if (action === "set") return done(await known.set(change));
  if (action === "rollback") return done(await known.rollback(change, to));
  // Wrong values are refused before the stream begins, with a status of their own.
  known.check(target, text);
  const signal = AbortSignal.any([request.signal, stopping]);
  log.info("Configuration is tried", { target, who, canary });
  return told((say) => known.apply({ ...change, canary, holdMs: hold * 1000 }, say, signal));
}

/** What is said while it runs, a JSON object a line; the last one has the revision or the error. */
function told(work: (say: (text: string) => void) => Promise<number>): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      let open = true;
      const write = (value: unknown) => {
        if (!open) return;
        try {
          controller.enqueue(encoder.encode(`${JSON.stringify(value)}\n`));
        } catch {
          open = false; // the reader went; the work hears of it by its signal
        }
      };
      try {
        write({ revision: await work((say) => write({ say })) });
      } catch (error) {
        write({ error: errorBody(error) });
      }
      if (open) controller.close();
    },
  });
  return new Response(body, { headers: { "content-type": "application/x-ndjson" } });
}
