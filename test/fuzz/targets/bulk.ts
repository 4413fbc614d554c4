/**
 * Answers to bulk requests: nothing that Elasticsearch or what stands before it answers throws; there is one outcome a
 * document or none at all; a document counts as created or there before only where the answer says so of it; the quick
 * way through an answer gives what the slow one gives.
 */
import { allCreated, sortBulkAnswer } from "../../../transfer/index/bulk_answer.ts";
import { must, mustEqual, type Target, textOf } from "../target.ts";

const COUNT = 3;
const STATUSES = [200, 200, 200, 200, 201, 400, 401, 403, 404, 413, 429, 500, 502, 503, 302, 999];

export const bulk: Target = {
  name: "bulk",
  what: "transfer/index/bulk_answer.ts",
  words: [
    '{"items":[',
    '{"create":{"status":201}}',
    '"status":409',
    '"status":429',
    '"status":"201"',
    '"error":{"type":"mapper_parsing_exception","reason":"x"}',
    '"caused_by":{"reason":',
    '{"toString":1}',
    '"__proto__":',
    "null",
    "[]",
    "{}",
    ",",
    "]}",
  ],
  bytesMax: 4096,
  cases: 5000,
  run(input) {
    const status = STATUSES[(input[0] ?? 0) % STATUSES.length], text = textOf(input.subarray(1));
    let body: unknown = text;
    try {
      body = JSON.parse(text);
    } catch {
      // A proxy's page stays text.
    }
    const sorted = sortBulkAnswer(status, body, COUNT);
    const quick = allCreated(text);
    if (quick?.count === COUNT && status < 300 && status >= 200) {
      mustEqual(sortBulkAnswer(status, quick, COUNT).kind, "created", "the quick way");
      must(sorted.kind === "items", () => `the slow way says ${sorted.kind}`);
    }
    if (sorted.kind !== "items") {
      if (sorted.kind !== "created") checkWords(sorted.code, sorted.reason);
      return `${status} ${sorted.kind} ${"code" in sorted ? sorted.code : ""}`;
    }
    must(status >= 200 && status < 300, () => `items are believed with status ${status}`);
    must(sorted.outcomes.length === COUNT, () => `${sorted.outcomes.length} outcomes`);
    const said = (body as { items: any[] }).items;
    const outcomes = sorted.outcomes.map((outcome, i) => {
      const own = said[i]?.create?.status;
      if (outcome.result === "created") must(own === 201 || own === 200, () => `created: ${own}`);
      else if (outcome.result === "exists") must(own === 409, () => `exists: ${own}`);
      else if ("code" in outcome) checkWords(outcome.code, outcome.reason);
      return `${outcome.result} ${"code" in outcome ? outcome.code : ""}`;
    });
    return [...new Set(outcomes)].sort().join(" ");
  },
};

function checkWords(code: string, reason: string): void {
  must(/^ES_[A-Z_]+$/.test(code), () => `the code is ${code}`);
  must(typeof reason === "string" && reason.length <= 1100, () => `the reason is ${typeof reason}`);
}
