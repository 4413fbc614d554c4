/**
 * Case 52: thousands of connections to a program's status port that say next to nothing, as many as the limit of open
 * files allows. The program answers the others meanwhile, and what they cost it is gone with them; one that is allowed
 * fewer open files than there are connections outlives that.
 */
import assert from "node:assert/strict";
import { stringify } from "yaml";
import { type Program, startProgram } from "../support/process.ts";
import { tempDir } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const WANTED = 10_000, AT_ONCE = 250;
/** What a program and this one need beside the connections. */
const SPARE_FILES = 500;
const PATIENT = { timeoutMs: 120_000, everyMs: 250 };
/** Files that a program opens and closes by itself meanwhile. */
const SLACK = 50;
/** A connection's share of memory, with room: about 20 kB were seen. */
const CONNECTION_KB_MAX = 100, SPARE_KB = 100_000;

interface Monitor {
  program: Program;
  address: Deno.ConnectOptions;
  url: string;
}

/** Runs with a monitor that may have this many files open; 0: as many as this process. */
async function withMonitor(files: number, run: (monitor: Monitor) => Promise<void>) {
  await using folder = await tempDir("weir-connections-");
  const config = folder.join("monitor.yaml");
  await Deno.writeTextFile(config, stringify({ listen: "127.0.0.1:0" }));
  const limit = files === 0 ? "" : `ulimit -n ${files}; `;
  const monitor = ["run", "-A", "--quiet", "--no-check", `${ROOT}monitor/main.ts`];
  await using program = startProgram(
    "sh",
    ["-c", `${limit}exec "$@"`, "sh", Deno.execPath(), ...monitor, "--config", config],
    { env: { NO_COLOR: "1" } },
  );
  const [, url] = await program.waitForLine(/Listening.*(http:\/\/127\.0\.0\.1:\d+)/, 120_000);
  const { hostname, port } = new URL(url);
  await run({ program, url, address: { hostname, port: Number(port) } });
}

function openFilesMax(): number {
  const limits = Deno.readTextFileSync("/proc/self/limits");
  return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? 1024);
}

function openFiles({ program: { pid } }: Monitor): number {
  return [...Deno.readDirSync(`/proc/${pid}/fd`)].length;
}

function residentKb({ program: { pid } }: Monitor): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))![1]);
}

/** Asks on a connection of its own, as a scrape does. */
async function isWell({ url }: Monitor): Promise<boolean> {
  const client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  try {
    const signal = AbortSignal.timeout(60_000);
    return await (await fetch(`${url}/healthz`, { signal, client })).text() === "ok\n";
  } finally {
    client.close();
  }
}

/** Connections that have said one letter of a request; fewer where the program takes no more. */
async function silent({ address }: Monitor, count: number): Promise<Deno.Conn[]> {
  const connections: Deno.Conn[] = [];
  while (connections.length < count) {
    const number = Math.min(AT_ONCE, count - connections.length);
    const some = await Promise.allSettled(
      Array.from({ length: number }, async () => {
        const connection = await Deno.connect(address);
        await connection.write(new TextEncoder().encode("G")).catch(() => {}); // ended by the program
        return connection;
      }),
    );
    const made = some.filter((one) => one.status === "fulfilled").map(({ value }) => value);
    connections.push(...made);
    if (made.length < number) break;
  }
  return connections;
}

Deno.test("52: thousands of connections that say next to nothing do not stop the others", async () => {
  await withMonitor(0, async (monitor) => {
    const count = Math.min(WANTED, openFilesMax() - SPARE_FILES);
    assert(await isWell(monitor));
    const files = openFiles(monitor), memory = residentKb(monitor);
    const connections = await silent(monitor, count);
    assert.equal(connections.length, count);
    await waitFor("all of them", () => openFiles(monitor) > files + count - SLACK, {
      ...PATIENT,
      detail: () => `${openFiles(monitor)} files, ${files} before`,
    });
    for (let i = 0; i < 5; i++) assert(await isWell(monitor));
    const more = residentKb(monitor) - memory;
    console.log(`${count} connections: ${more} kB more`);
    assert(more < count * CONNECTION_KB_MAX + SPARE_KB, `${more} kB for ${count} connections`);
    for (const connection of connections) connection.close();
    await waitFor("their end", () => openFiles(monitor) < files + SLACK, PATIENT);
    assert(await isWell(monitor));
  });
});

Deno.test("52: a program that has no file left for one more connection lives on, and answers again", async () => {
  const limit = 256;
  await withMonitor(limit, async (monitor) => {
    const { program } = monitor;
    const connections = await silent(monitor, 2 * limit);
    await program.waitForLine(
      /The HTTP server failed: it begins again.*Too many open files/,
      60_000,
    );
    for (const connection of connections) connection.close();
    const detail = () => program.tail();
    await waitFor("an answer", () => isWell(monitor), { ...PATIENT, detail });
    assert(!program.ended);
  });
});
