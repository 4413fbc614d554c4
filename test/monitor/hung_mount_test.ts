/**
 * A mounted filesystem whose server does not answer: a real FUSE mount, in a mount namespace of the
 * test's own, whose server never reads a request. A scrape comes back in its limit, says so of that
 * one mount, and costs neither a thread nor a handle more each time.
 */
import assert from "node:assert/strict";
import { waitFor } from "../support/wait.ts";
import { fetchPage } from "./page.ts";
import { builtMonitor, type RunningMonitor, Site } from "./site.ts";

/** Mounts a server that never answers at $1, and becomes the rest of its arguments. */
const MOUNT_AND_RUN = `
  exec 3<>/dev/fuse
  mount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0 hung "$1" || exit 77
  shift
  sleep 1000 &
  exec 3>&-
  exec "$@"
`;
const OWN_NAMESPACE = ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]
  .concat("--propagation", "private");

/** Why there can be no such mount here; undefined where there can. */
async function whyNot(): Promise<string | undefined> {
  if (Deno.build.os !== "linux") return "FUSE is Linux's";
  const folder = await Deno.makeTempDir({ prefix: "weir-hung-" });
  try {
    const [command, ...args] = [...OWN_NAMESPACE, "sh", "-c", MOUNT_AND_RUN, "sh", folder, "true"];
    const { success, stderr } = await new Deno.Command(command, { args }).output();
    return success ? undefined : `no FUSE mount of one's own: ${new TextDecoder().decode(stderr)}`;
  } catch (error) {
    return `no FUSE mount of one's own: ${(error as Error).message}`;
  } finally {
    await Deno.remove(folder);
  }
}

const reason = await whyNot();
if (reason !== undefined) console.log(`skipped: a hung mount: ${reason.trim()}`);

/** The process that the namespace's first one became. */
function pidInside({ program }: RunningMonitor): number {
  const path = `/proc/${program.pid}/task/${program.pid}/children`;
  return Number(Deno.readTextFileSync(path).trim().split(" ")[0]);
}

function countsOf(pid: number): { threads: number; handles: number } {
  return {
    threads: [...Deno.readDirSync(`/proc/${pid}/task`)].length,
    handles: [...Deno.readDirSync(`/proc/${pid}/fd`)].length,
  };
}

Deno.test({
  name: "a hung mount: scrapes return, other mounts are there, nothing grows from scrape to scrape",
  ignore: reason !== undefined,
  fn: async () => {
    const site = await Site.open();
    try {
      const hung = `${site.folder}/hung`;
      await Deno.mkdir(hung);
      const settings = { mountTimeout: "300ms", collectorTimeout: "5s", sharedFor: 0 };
      const within = [...OWN_NAMESPACE, "sh", "-c", MOUNT_AND_RUN, "sh", hung];
      const monitor = await site.monitor(settings, builtMonitor(), within);
      const page = () => fetchPage(`${monitor.url}/metrics`);
      const labels = `{device="hung",fstype="fuse",mountpoint="${hung}"}`;
      const first = await page();
      // The collector would have failed at its own limit: the mount's came first.
      const success = 'node_scrape_collector_success{collector="filesystem"}';
      assert.equal(first.series.get(success), 1);
      assert.equal(first.series.get(`node_filesystem_device_error${labels}`), 1);
      assert.equal(first.series.has(`node_filesystem_size_bytes${labels}`), false);
      const sizes = [...first.series].filter(([key]) => key.startsWith("node_filesystem_size"));
      assert(sizes.some(([key, value]) => key.includes('mountpoint="/"') && value > 0));
      assert(first.series.has("node_load1{}"));

      const pid = pidInside(monitor);
      for (let i = 0; i < 10; i++) await page();
      const before = countsOf(pid);
      for (let i = 0; i < 40; i++) await page();
      const after = countsOf(pid);
      console.log(`after 10 scrapes ${JSON.stringify(before)}, after 50 ${JSON.stringify(after)}`);
      // The runtime's pool may get a thread more when answers of several mounts overlap; a thread or a
      // handle for each scrape would be 40.
      const slack = sizes.length;
      assert(slack < 40);
      assert(after.threads - before.threads <= slack, "threads grow");
      assert(after.handles - before.handles <= slack, "handles grow");
      const last = await page();
      assert.equal(last.series.get(`node_filesystem_device_error${labels}`), 1);
      const status = await (await fetch(`${monitor.url}/api/status`)).json();
      assert.deepEqual(
        status.failing.filter((it: { name: string }) => it.name === "filesystem"),
        [],
      );

      // SIGTERM goes to the process itself: whoever waits for the dead server does not hold it.
      Deno.kill(pid, "SIGTERM");
      await waitFor("the end of the monitor", () => monitor.program.ended || undefined);
    } finally {
      await site.close();
    }
  },
});
