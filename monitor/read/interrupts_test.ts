import assert from "node:assert/strict";
import { countTcpStates, parseInterrupts } from "./interrupts.ts";

Deno.test("parseInterrupts() reads numbered and named rows, and leaves out those without CPUs", () => {
  const text = "           CPU0       CPU1       \n" +
    "  0:         21          0   IO-APIC   2-edge      timer\n" +
    "NMI:          3          4   Non-maskable interrupts\n" +
    "ERR:          0\nMIS:          0\n";
  assert.deepEqual(parseInterrupts(text), [
    { type: "0", info: "IO-APIC", devices: "2-edge timer", counts: [21, 0] },
    { type: "NMI", info: "Non-maskable interrupts", devices: "", counts: [3, 4] },
  ]);
});

Deno.test("countTcpStates() adds states and waiting bytes of both families", () => {
  const found = new Map<string, number>();
  countTcpStates(
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt\n" +
      "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000002 00:00000000 00000000\n" +
      "   1: 0100007F:1F90 0100007F:C350 01 00000010:00000000 00:00000000 00000000\n",
    found,
  );
  countTcpStates("head\n   0: 0:1 0:2 01 00000001:000000FF 00:0 0\n", found);
  assert.deepEqual(Object.fromEntries(found), {
    listen: 1,
    established: 2,
    rx_queued_bytes: 257,
    tx_queued_bytes: 17,
  });
});
