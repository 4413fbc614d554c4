import assert from "node:assert/strict";
import fc from "fast-check";
import type { WriteOutcome } from "../../core/ports/document_store.ts";
import { AllCreated, allCreated, sortBulkAnswer } from "./bulk_answer.ts";

const item = (status: unknown, type?: string, reason = "because") => ({
  create: { status, ...(type === undefined ? {} : { error: { type, reason } }) },
});

function one(status: number, type?: string, reason?: string): WriteOutcome {
  const answer = sortBulkAnswer(200, { errors: true, items: [item(status, type, reason)] }, 1);
  assert.equal(answer.kind, "items");
  return answer.kind === "items" ? answer.outcomes[0] : assert.fail();
}

const told = (outcome: WriteOutcome) =>
  "code" in outcome ? `${outcome.result} ${outcome.code}` : outcome.result;

Deno.test("sortBulkAnswer() sorts each item by what it means for its document", () => {
  const cases: [number, string | undefined, string, string][] = [
    [201, undefined, "", "created"],
    [200, undefined, "", "created"],
    [409, "version_conflict_engine_exception", "", "exists"],
    [429, "es_rejected_execution_exception", "", "retry ES_THROTTLED"],
    [429, "circuit_breaking_exception", "", "retry ES_THROTTLED"],
    [503, "unavailable_shards_exception", "", "retry ES_UNAVAILABLE"],
    [500, "null_pointer_exception", "", "retry ES_UNAVAILABLE"],
    [
      403,
      "cluster_block_exception",
      "blocked by: [FORBIDDEN/8/index write]",
      "retry ES_CLUSTER_BLOCK",
    ],
    [429, "cluster_block_exception", "flood-stage watermark", "retry ES_THROTTLED"],
    [403, "security_exception", "", "retry ES_NOT_ALLOWED"],
    [401, "security_exception", "", "retry ES_NOT_ALLOWED"],
    [404, "index_not_found_exception", "", "retry ES_INDEX_MISSING"],
    [400, "document_parsing_exception", "failed to parse", "rejected ES_REJECTED"],
    [400, "mapper_parsing_exception", "failed to parse", "rejected ES_REJECTED"],
    [400, "strict_dynamic_mapping_exception", "", "rejected ES_REJECTED"],
    [
      400,
      "document_parsing_exception",
      "[1:9] failed to parse field [a] of type [long]. Preview of field's value: 'create index'",
      "rejected ES_REJECTED",
    ],
    [
      400,
      "mapper_parsing_exception",
      "failed to parse field [a] of type [long]. Preview of field's value: 'not an alias'",
      "rejected ES_REJECTED",
    ],
    [400, "mapper_parsing_exception", "cannot create index", "retry ES_INDEX_NOT_CREATED"],
    [
      400,
      "illegal_argument_exception",
      "Document contains at least one immense term",
      "rejected ES_REJECTED",
    ],
    [
      400,
      "illegal_argument_exception",
      "no write index is defined for alias [a]",
      "retry ES_INDEX_NOT_CREATED",
    ],
    [
      400,
      "validation_exception",
      "this action would add [2] shards, but this cluster currently has [1000]/[1000] maximum normal shards open;",
      "retry ES_INDEX_NOT_CREATED",
    ],
    [400, "invalid_index_name_exception", "", "retry ES_INDEX_NOT_CREATED"],
    [400, "index_closed_exception", "", "retry ES_INDEX_NOT_CREATED"],
    [400, undefined, "", "retry ES_ANSWER_UNKNOWN"],
    [418, "teapot", "", "retry ES_ANSWER_UNKNOWN"],
  ];
  for (const [status, type, reason, wanted] of cases) {
    assert.equal(told(one(status, type, reason)), wanted, `${status} ${type} ${reason}`);
  }
});

Deno.test("sortBulkAnswer() sorts whole answers", () => {
  const error = (type: string, reason = "r") => ({ error: { type, reason }, status: 0 });
  const cases: [number, unknown, string][] = [
    [413, "too large", "split ES_BODY_TOO_LARGE"],
    [400, error("x_content_parse_exception"), "split ES_BODY_REFUSED"],
    [400, "<html>Bad Request</html>", "again ES_ANSWER_UNKNOWN"],
    [400, error("validation_exception"), "again ES_ANSWER_UNKNOWN"],
    [401, error("security_exception"), "again ES_NOT_ALLOWED"],
    [403, error("security_exception"), "again ES_NOT_ALLOWED"],
    [403, "<html>Forbidden</html>", "again ES_NOT_ALLOWED"],
    [403, error("cluster_block_exception"), "again ES_CLUSTER_BLOCK"],
    [404, "not found", "again ES_ANSWER_UNKNOWN"],
    [429, error("circuit_breaking_exception"), "again ES_THROTTLED"],
    [502, "<html>Bad Gateway</html>", "again ES_UNAVAILABLE"],
    [503, error("master_not_discovered_exception"), "again ES_UNAVAILABLE"],
    [200, '{"items":[{"crea', "again ES_ANSWER_BROKEN"],
    [200, {}, "again ES_ANSWER_BROKEN"],
    [200, null, "again ES_ANSWER_BROKEN"],
    [200, { items: [] }, "again ES_ANSWER_BROKEN"],
  ];
  for (const [status, body, wanted] of cases) {
    const answer = sortBulkAnswer(status, body, 1);
    assert.equal("code" in answer ? `${answer.kind} ${answer.code}` : answer.kind, wanted);
    assert.equal(answer.kind === "again" && answer.auth, wanted === "again ES_NOT_ALLOWED");
  }
});

Deno.test("sortBulkAnswer() keeps the order and names the first that existed", () => {
  const items = [item(201), item(400, "mapper_parsing_exception"), item(409), item(429), item(409)];
  const answer = sortBulkAnswer(200, { items }, 5);
  assert.ok(answer.kind === "items");
  assert.deepEqual(answer.outcomes.map((one) => one.result), [
    "created",
    "rejected",
    "exists",
    "retry",
    "exists",
  ]);
  assert.equal(answer.exists, 2);
});

Deno.test("allCreated() knows the answer that says created of all, and no other", () => {
  const item = (status: number) => `{"create":{"status":${status}}}`;
  const answer = (statuses: number[]) => `{"items":[${statuses.map(item).join(",")}]}`;
  for (const count of [1, 2, 5000]) {
    const read = allCreated(answer(new Array(count).fill(201)));
    assert.deepEqual(read, new AllCreated(count));
    assert.equal(sortBulkAnswer(200, read, count).kind, "created");
    assert.equal(sortBulkAnswer(200, read, count + 1).kind, "again");
  }
  for (const statuses of [[409], [201, 429], [200, 201, 201]]) {
    assert.equal(allCreated(answer(statuses)), undefined);
  }
  for (const text of ["", "{}", answer([201, 201]).slice(0, -1), `${answer([201])} `]) {
    assert.equal(allCreated(text), undefined);
  }
});

Deno.test("sortBulkAnswer() calls a document written only where the answer says so, whatever it is", () => {
  const status = fc.oneof(
    fc.constantFrom(200, 201, 400, 403, 404, 409, 413, 429, 500, 503),
    fc.anything(),
  );
  const type = fc.constantFrom("mapper_parsing_exception", "cluster_block_exception", "", "x");
  const anyItem = fc.oneof(
    fc.record({ create: fc.record({ status, error: fc.record({ type, reason: fc.anything() }) }) }),
    fc.record({ create: fc.record({ status }) }),
    fc.anything(),
  );
  const answers = fc.tuple(
    fc.oneof(fc.constantFrom(200, 400, 401, 403, 413, 429, 500, 502, 503), fc.integer()),
    fc.oneof(fc.record({ items: fc.array(anyItem, { maxLength: 6 }) }), fc.anything()),
    fc.integer({ min: 1, max: 6 }),
  );
  fc.assert(
    fc.property(answers, ([http, body, count]) => {
      const answer = sortBulkAnswer(http, body, count);
      if (answer.kind !== "items") {
        assert.ok(answer.kind !== "created" && answer.code.startsWith("ES_"));
        return;
      }
      const items = (body as any).items;
      assert.equal(items.length, count);
      assert.equal(answer.outcomes.length, count);
      answer.outcomes.forEach((outcome, i) => {
        const said = items[i]?.create?.status;
        assert.equal(outcome.result === "created", said === 200 || said === 201);
        assert.equal(outcome.result === "exists", said === 409);
        if (outcome.result === "rejected") assert.ok(said === 400 || said === 413);
      });
    }),
    { numRuns: 3000 },
  );
});

const reasonOf = (body: unknown, status = 500) => {
  const answer = sortBulkAnswer(status, body, 1);
  assert(answer.kind === "again" || answer.kind === "split", answer.kind);
  return answer.reason;
};

Deno.test("sortBulkAnswer() tells type, reason and cause as far as they are words, and no more than is useful", () => {
  const error = (more: object) => ({ error: { type: "t", reason: "r", ...more } });
  assert.equal(reasonOf(error({})), "HTTP 500 t: r");
  assert.equal(reasonOf(error({ caused_by: { reason: "inner" } })), "HTTP 500 t: r (inner)");
  assert.equal(reasonOf(error({ caused_by: { reason: "r" } })), "HTTP 500 t: r");
  assert.equal(reasonOf(error({ caused_by: { reason: 5 } })), "HTTP 500 t: r");
  assert.equal(reasonOf(error({ caused_by: null })), "HTTP 500 t: r");
  assert.equal(reasonOf(error({ reason: 17, type: 5 })), "HTTP 500: 17");
  for (const reason of [undefined, null, {}, [], { toString: 1 }]) {
    assert.equal(reasonOf(error({ reason })), "HTTP 500 t: ");
  }
  assert.equal(reasonOf("a proxy's page"), "HTTP 500: a proxy's page");
  assert.equal(reasonOf({ error: "busy" }), "HTTP 500: busy");
  assert.equal(reasonOf(5), "HTTP 500: ");
  assert.equal(reasonOf("x".repeat(990)).length, 1000);
  assert.equal(reasonOf("x".repeat(991)), `HTTP 500: ${"x".repeat(990)}…`);
});

Deno.test("sortBulkAnswer() believes items with a status of success alone, and each kind of item by its own", () => {
  const items = (item: unknown) => ({ items: [item] });
  const created = items({ create: { status: 201 } });
  for (const [status, kind] of [[199, "again"], [200, "items"], [299, "items"], [300, "again"]]) {
    assert.equal(sortBulkAnswer(status as number, created, 1).kind, kind);
  }
  const outcome = (create: unknown) => {
    const answer = sortBulkAnswer(200, items({ create }), 1);
    assert(answer.kind === "items");
    const [one] = answer.outcomes;
    return "code" in one ? one.code : one.result;
  };
  const error = { type: "t", reason: "r" };
  for (
    const [status, expected] of [
      ...[[200, "created"], [201, "created"], [409, "exists"], [429, "ES_THROTTLED"]],
      ...[[401, "ES_NOT_ALLOWED"], [403, "ES_NOT_ALLOWED"], [404, "ES_INDEX_MISSING"]],
      ...[[400, "ES_REJECTED"], [413, "ES_REJECTED"], [499, "ES_ANSWER_UNKNOWN"]],
      ...[[500, "ES_UNAVAILABLE"], [503, "ES_UNAVAILABLE"], ["201", "ES_ANSWER_UNKNOWN"]],
      ...[[{ toString: 1 }, "ES_ANSWER_UNKNOWN"], [undefined, "ES_ANSWER_UNKNOWN"]],
    ]
  ) assert.equal(outcome({ status, error }), expected, String(JSON.stringify(status)));
  assert.equal(outcome({ status: 400 }), "ES_ANSWER_UNKNOWN");
  assert.equal(sortBulkAnswer(499, {}, 1).kind, "again");
  assert.match(reasonOf(items({}), 499), /HTTP 499/);
});
