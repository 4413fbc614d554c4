/**
 * The monitor registers in a real etcd that speaks TLS and has users, with the role that is made for
 * it, from source and as executable; certificates of another authority are told and do not end it.
 */
import assert from "node:assert/strict";
import { makeRole } from "../../cli/etcd/roles.ts";
import { DEFAULT_KEYS } from "../../core/fleet/keys.ts";
import { programRoles } from "../../core/fleet/roles.ts";
import { makeAuthority } from "../agent/certificates.ts";
import { SecureEtcd } from "../control/secure_etcd.ts";
import { tempDir } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";
import { fetchPage } from "./page.ts";
import { builtMonitor, Site } from "./site.ts";

const USER = "weir-monitor";

Deno.test({
  name: "the monitor registers over TLS by its certificate, from source and as executable",
  sanitizeOps: false, // gRPC keeps its connection for a while after it is closed
  sanitizeResources: false,
  fn: async () => {
    await using etcd = await SecureEtcd.start();
    const keys = { ...DEFAULT_KEYS, live: "/weir/live/", decisions: "/weir/index/" };
    const role = programRoles(keys).find(({ name }) => name === USER)!;
    await makeRole(etcd.root, role, 5000);
    await etcd.requireLogin([USER]);
    const site = await Site.open();
    const other = await tempDir("weir-other-authority-");
    try {
      const { caFile } = await makeAuthority(other);
      const live = async () => await etcd.root.getAll().prefix("/weir/live/monitor/").keys();
      for (const executable of new Set([undefined, builtMonitor()])) {
        const monitor = await site.monitor({ etcd: etcd.settings(USER) }, executable);
        await waitFor("the registration", async () => (await live()).length === 1, {
          detail: () => monitor.program.tail(),
        });
        assert.equal((await monitor.stop()).code, 0);
        assert.equal((await live()).length, 0, "it goes with the program");

        const wrong = { ...etcd.settings(USER), caFile };
        const refused = await site.monitor({ etcd: wrong }, executable);
        await refused.program.waitForLine(/Not registered/);
        const page = await fetchPage(`${refused.url}/metrics`);
        assert(page.series.has("node_load1{}"), "it goes on without etcd");
        assert.equal((await refused.stop()).code, 0, refused.program.tail());
      }
    } finally {
      await site.close();
      await other.remove();
    }
  },
});
