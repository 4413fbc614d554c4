/**
 * The page of the fleet over real etcd and Kafka: an agent as a process registers and tells its files, `weir page` shows
 * both, registers itself, and follows what changes.
 */
import assert from "node:assert/strict";
import { stringify } from "yaml";
import type { ProgramAnswer } from "../../search/api/fleet.ts";
import type { FleetAnswer } from "../../search/fleet/fleet_view.ts";
import type { Program } from "../support/process.ts";
import { waitFor } from "../support/wait.ts";
import { Site } from "./site.ts";

Deno.test({
  name: "fleet page: hosts, files and what goes wrong, from etcd and Kafka, live",
  sanitizeOps: false, // the clients keep sockets and timers for a while
  sanitizeResources: false,
  async fn() {
    await using site = await Site.open();
    const log = site.folder.join("logs/a.log");
    await site.startAgent("web-1");
    await site.startAgent("web-2");
    await Deno.writeTextFile(log, "one\ntwo\n");
    await site.waitForAgents(2);
    const value = [{ path: log, topic: site.topic }, { path: "/etc/passwd", topic: site.topic }];
    await site.client.put(site.key).value(JSON.stringify(value));
    const page = await startPage(site);
    try {
      const url = (await page.waitForLine(/Weir is at\s+(http:\S+)/))[1];
      await look(url, site, log);
      await follow(url, site);
    } finally {
      await page.stop();
    }
  },
});

async function startPage(site: Site): Promise<Program> {
  const config = site.folder.join("page.yaml");
  await Deno.writeTextFile(
    config,
    stringify({
      elasticsearch: { nodes: ["http://127.0.0.1:9"] }, // nothing is there: the fleet is shown without it
      listen: "127.0.0.1:0",
      etcd: { hosts: [site.etcd], timeout: "1s" },
      fleet: { ttl: "3s", labels: { site: site.group } },
      kafka: { brokers: [site.kafka], detailTopic: site.detailTopic },
    }),
  );
  return site.weirProgram("page", "--config", config);
}

async function look(url: string, site: Site, log: string): Promise<void> {
  const get = async <T>(path: string) => await (await fetch(`${url}api/${path}`)).json() as T;
  const words = encodeURIComponent(`site=${site.group}`);
  const read = () => get<FleetAnswer>(`fleet?q=${words}`);
  await waitFor("the agents and the page itself", async () => (await read()).matches === 3);
  const { programs } = await read();
  assert.deepEqual(programs.map(({ program }) => program), ["agent", "agent", "page"]);
  assert.deepEqual(
    (await get<FleetAnswer>(`fleet?q=${words}&program=agent&limit=1&offset=1`)).programs
      .map(({ host }) => host),
    ["web-2"],
  );
  const id = programs[0].id;
  const program = () => get<ProgramAnswer>(`fleet/program?id=${encodeURIComponent(id)}`);
  // The one comes through Kafka, the other through etcd.
  const told = "detail of the file, and that the value is applied";
  const { detail } = await waitFor(told, async () => {
    const now = await program(), [file] = now.detail?.files ?? [];
    return file?.offset === 8 && now.program.applied.state === "APPLIED" ? now : undefined;
  });
  const [file] = detail!.files;
  assert.deepEqual([file.path, file.topic, file.size, file.offset, file.lagBytes, file.lines], [
    log,
    site.topic,
    8,
    8,
    0,
    2,
  ]);
  assert(file.lastLineMs > 0);
  assert.deepEqual(detail!.problems.map(({ code }) => code), ["PATH_OUTSIDE_ROOTS"]);
  await waitFor("files of both hosts", async () => {
    const found = await get<{ files: { host: string }[] }>(`fleet/files?q=${log.slice(1)}`);
    return found.files.map(({ host }) => host).sort().join() === "web-1,web-2";
  });
}

/** The stream tells of a host that dies, within its lease. */
async function follow(url: string, site: Site): Promise<void> {
  const stop = new AbortController();
  const words = encodeURIComponent(`site=${site.group}`);
  const response = await fetch(`${url}api/fleet/stream?program=agent&q=${words}`, {
    signal: stop.signal,
  });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const seen = async (part: string) => {
    while (!text.includes(part)) text += (await reader.read()).value ?? "";
    text = text.slice(text.indexOf(part) + part.length);
  };
  await seen('{"matches":2,');
  await site.agents[1].kill9();
  await seen('{"matches":1,');
  stop.abort();
  await reader.cancel().catch(() => {}); // it was aborted
}
