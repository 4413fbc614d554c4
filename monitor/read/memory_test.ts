import assert from "node:assert/strict";
import { parseMeminfo, parseVmstat, VMSTAT_FIELDS } from "./memory.ts";

Deno.test("parseMeminfo() gives bytes, and counts where there is no unit", () => {
  const rows = parseMeminfo(
    "MemTotal:       24684084 kB\nActive(anon):       1552 kB\nHugePages_Total:       3\n\nOdd line\n",
  );
  assert.deepEqual(rows, [
    { key: "MemTotal", value: 24684084 * 1024, bytes: true },
    { key: "Active(anon)", value: 1552 * 1024, bytes: true },
    { key: "HugePages_Total", value: 3, bytes: false },
  ]);
});

Deno.test("parseMeminfo() refuses a file without MemTotal", () => {
  assert.throws(() => parseMeminfo("MemFree: 5 kB\n"), /no MemTotal/);
});

Deno.test("parseVmstat() takes the fields that are wanted", () => {
  const text =
    "nr_free_pages 917115\npgpgin 5\npgpgout 6\npswpin 0\npgmajfault 7\noom_kill 1\npgalloc 9\n";
  assert.deepEqual([...parseVmstat(text, VMSTAT_FIELDS)], [
    ["pgpgin", 5],
    ["pgpgout", 6],
    ["pswpin", 0],
    ["pgmajfault", 7],
    ["oom_kill", 1],
  ]);
});
