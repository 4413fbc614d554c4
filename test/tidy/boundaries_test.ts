import assert from "node:assert/strict";
import { forbidden } from "../support/lint_plugin.ts";

const ROOT = "/checkout/";

Deno.test("folder-boundaries: programs do not import one another, in either direction", () => {
  assert.match(
    forbidden("/checkout/agent/agent.ts", "../transfer/transfer.ts", ROOT)!,
    /agent\/ may import core\/ only/,
  );
  assert.match(
    forbidden("/checkout/transfer/index/a.ts", "../../agent/agent.ts", ROOT)!,
    /transfer\/ may import core\/ only/,
  );
  assert.match(
    forbidden("/checkout/search/server.ts", "../monitor/monitor.ts", ROOT)!,
    /search\/ may import/,
  );
});

Deno.test("folder-boundaries: core imports no program", () => {
  assert.match(
    forbidden("/checkout/core/log.ts", "../agent/agent.ts", ROOT)!,
    /core imports no program/,
  );
  assert.equal(forbidden("/checkout/core/log.ts", "./errors.ts", ROOT), undefined);
});

Deno.test("folder-boundaries: everybody may import core, cli every program but not test", () => {
  assert.equal(forbidden("/checkout/agent/agent.ts", "../core/log.ts", ROOT), undefined);
  assert.equal(forbidden("/checkout/agent/agent.ts", "commander", ROOT), undefined);
  assert.equal(forbidden("/checkout/cli/up.ts", "../agent/agent.ts", ROOT), undefined);
  assert.match(
    forbidden("/checkout/cli/up.ts", "../test/support/wait.ts", ROOT)!,
    /must not import test/,
  );
});
