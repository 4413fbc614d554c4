import assert from "node:assert/strict";
import { report } from "./report.ts";

Deno.test("report() says the address, what is read, and what is not with the remedy, each once", () => {
  const denied = { path: "/var/log/private", code: "FILE_DENIED", reason: "denied" };
  const text = report("http://127.0.0.1:7700/", "/data", {
    files: [
      { path: "/var/log/b.log", size: 1_500_000 },
      { path: "/var/log/a.log", size: 500_000 },
      { path: "journal" },
    ],
    problems: [denied, denied, { path: "x\u001b[2J", code: "OTHER", reason: "why" }],
  });
  assert.deepEqual(text.split("\n"), [
    "",
    "  Weir is at  http://127.0.0.1:7700/",
    "",
    "  Tailing 2 files, 2.0 MB:",
    "    /var/log/a.log",
    "    /var/log/b.log",
    "  Reading the systemd journal.",
    "",
    "  Not read, 2 paths:",
    "    /var/log/private: run as a user that may read it, for example in the group adm (FILE_DENIED)",
    "    x\\u001b[2J: why (OTHER)",
    "",
    "  Lines are kept in /data. End with Ctrl-C.",
    "",
  ]);
});

Deno.test("report() gives an address that can be opened, and says where nothing matches", () => {
  const text = report("http://0.0.0.0:7700/", "/data", { files: [], problems: [] });
  assert.match(text, /http:\/\/127\.0\.0\.1:7700\/ {2}and at this host's other addresses/);
  assert.match(text, /Tailing 0 files, .*\n {4}nothing yet/);
});
