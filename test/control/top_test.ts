/** `weir top` over a real etcd: printed once without a terminal, living on one (a pty of `script`), ended by q. */
import assert from "node:assert/strict";
import { Etcd3 } from "etcd3";
import { servers } from "../support/servers.ts";
import { startProgram } from "../support/process.ts";
import { tempDir, uniqueName } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

function registered(host: string, lagBytes: number): string {
  return JSON.stringify({
    v: 1,
    program: "agent",
    id: host,
    instance: "one",
    host,
    version: "0.1.0",
    started: "2026-11-21T00:00:00.000Z",
    labels: {},
    groups: [],
    ip: "10.0.0.1",
    status: "",
    applied: { revision: 7, state: "APPLIED", reason: "", candidate: "", keys: {} },
    health: { ok: true, reasons: [], problems: 0 },
    summary: { files: 3, lagBytes },
  });
}

Deno.test({
  name: "weir top: once without a terminal; on a terminal it lives, sorts and ends with q",
  sanitizeOps: false, // gRPC keeps its connection for a while after it is closed
  sanitizeResources: false,
  async fn() {
    const { etcd } = await servers("etcd");
    const client = new Etcd3({ hosts: etcd }), prefix = `/test/${uniqueName("top")}/`;
    await using folder = await tempDir("weir-top-");
    const config = folder.join("weir.yaml");
    await Deno.writeTextFile(
      config,
      JSON.stringify({ etcd: { hosts: [etcd] }, keys: { live: prefix } }),
    );
    const top = ["run", "-A", "--quiet", "--no-check", `${ROOT}cli/main.ts`, "top", "-c", config];
    try {
      await client.put(`${prefix}agent/a`).value(registered("host-a", 1000));
      const once = startProgram(Deno.execPath(), top, { cwd: ROOT });
      assert.equal((await once.exit).code, 0, once.tail());
      assert.match(once.stdout, /agents: 1 well\n.*behind 1\.0 kB.*\n\nstate .*\nwell +host-a /);
      assert.doesNotMatch(once.stdout, /\x1b/);
      await onTerminal(top, client, prefix);
    } finally {
      await client.delete().prefix(prefix);
      client.close();
    }
  },
});

async function onTerminal(top: string[], client: Etcd3, prefix: string): Promise<void> {
  const command = [Deno.execPath(), ...top, "--interval", "0.2", "--order", "host"];
  const words = command.map((word) => `'${word}'`).join(" ");
  const child = new Deno.Command("script", {
    args: ["-qefc", `stty cols 100 rows 20; exec ${words}`, "/dev/null"],
    cwd: ROOT,
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
    env: { TERM: "xterm" },
  }).spawn();
  const keys = child.stdin.getWriter(), encoder = new TextEncoder();
  let shown = "";
  const reading = (async () => {
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) shown += text;
  })();
  const sees = (pattern: RegExp) =>
    waitFor(`${pattern} on the screen`, () => pattern.test(shown), { detail: () => shown });
  try {
    await sees(/\x1b\[\?1049h[^]*host-a[^]*sorts \(host\)/);
    await client.put(`${prefix}agent/b`).value(registered("host-b", 5000));
    await sees(/agents: 2 well[^]*behind 6\.0 kB/);
    await keys.write(encoder.encode("s"));
    await sees(/sorts \(state\)/);
    await keys.write(encoder.encode("q"));
    const { code } = await child.status;
    await reading;
    assert.equal(code, 0, shown);
    assert.match(shown, /\x1b\[\?25h\x1b\[\?1049l[^]{0,20}$/);
  } finally {
    await keys.close().catch(() => {}); // it has ended
  }
}
