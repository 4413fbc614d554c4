/**
 * /api/fleet/dead: GET lists lines that the index refused; POST, for operators, sends them again to where they came from.
 */
import { z } from "zod";
import { WeirError } from "../../core/errors.ts";
import { logOf } from "../../core/log.ts";
import { checkOperator, type Identity } from "../access/identity.ts";
import type { DeadLetters } from "../fleet/dead_letters.ts";
import { jsonBody } from "./body.ts";
import type { Parameters } from "./parameters.ts";

const LIMIT_MAX = 500;
const BODY_BYTES_MAX = 10_000;

const bodySchema = z.strictObject({
  topic: z.string().max(249).default(""),
  code: z.string().max(100).default(""),
});

export const DEAD_PARAMETERS = ["topic", "code", "limit"];

function deadOf(dead: DeadLetters | undefined): DeadLetters {
  if (dead !== undefined) return dead;
  throw new WeirError("FLEET_NO_DEAD", "This page knows no dead letters", {
    hint: "Set kafka.brokers in its settings file; in weir up nothing is refused.",
  });
}

export async function deadAnswer(
  dead: DeadLetters | undefined,
  parameters: Parameters,
): Promise<Response> {
  const topic = parameters.text("topic") ?? "", code = parameters.text("code") ?? "";
  const limit = parameters.integer("limit", 1, LIMIT_MAX, 50);
  return Response.json(await deadOf(dead).list({ topic, code }, limit));
}

/** Rejects with ACCESS_OPERATOR, PARAMETER_INVALID, or what Kafka refuses. */
export async function replayAnswer(
  dead: DeadLetters | undefined,
  identity: Identity,
  request: Request,
): Promise<Response> {
  checkOperator(identity);
  const filter = await jsonBody(request, bodySchema, BODY_BYTES_MAX);
  const done = await deadOf(dead).replay(filter);
  logOf("fleet").info("Dead letters sent again", {
    ...filter,
    ...done,
    who: `${identity.name}@page`,
  });
  return Response.json(done);
}
