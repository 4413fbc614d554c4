import assert from "node:assert/strict";
import { faultOf } from "./journalctl.ts";

Deno.test("faultOf() says what keeps the journal from being read", () => {
  const denied = "Hint: You are currently not seeing messages from other users and the system.\n" +
    "No journal files were opened due to insufficient permissions.";
  assert.equal(faultOf(denied, 1)?.code, "JOURNAL_DENIED");
  assert.match(faultOf(denied, 1)!.reason, /systemd-journal/);
  assert.equal(faultOf(denied.split("\n")[0], 0)?.code, "JOURNAL_PARTLY");
  assert.equal(faultOf("No journal files were found.", 0)?.code, "JOURNAL_NONE");
  assert.equal(faultOf("", 0), undefined);
  assert.deepEqual(faultOf("Failed to add match\n'x'", 1), {
    code: "JOURNAL_FAILED",
    reason: "Failed to add match; 'x'",
  });
});
