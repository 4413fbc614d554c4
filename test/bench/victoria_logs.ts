/**
 * The same lines in VictoriaLogs, where the program is on the PATH: stored over HTTP as JSON lines
 * (it tails no files), asked the same questions. Figures under the names of ours.
 */
import type { LinesMade } from "./lines.ts";
import { COMMON_PHRASE, RARE_WORD, REGEXP } from "./lines.ts";

const PORT = 19_428;
const URL_BASE = `http://127.0.0.1:${PORT}`;
const RUNS = 5;

export type PeerFigures = Record<string, number>;

/** Undefined where the program is not there. */
export async function benchVictoriaLogs(
  path: string,
  made: LinesMade,
): Promise<PeerFigures | undefined> {
  if (!await isThere()) return undefined;
  const data = Deno.makeTempDirSync({ prefix: "weir-bench-peer-" });
  const child = new Deno.Command("victoria-logs", {
    args: [
      `-httpListenAddr=127.0.0.1:${PORT}`,
      `-storageDataPath=${data}`,
      "-retentionPeriod=100y",
      "-futureRetention=100y",
    ],
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    await ready();
    const cpu = cpuSeconds(child.pid), since = performance.now();
    await insert(path);
    await post("/internal/force_flush", "");
    const cpuS = cpuSeconds(child.pid) - cpu, wallS = (performance.now() - since) / 1000;
    const figures: PeerFigures = {
      lines_per_cpu_s: Math.round(made.lines / cpuS),
      lines_per_s: Math.round(made.lines / wallS),
      rare_word_ms: await timed(RARE_WORD),
      phrase_ms: await timed(`"${COMMON_PHRASE}" | stats count() n`),
      regexp_ms: await timed(`_msg:~${JSON.stringify(REGEXP)} | stats count() n`),
      count_by_hour_ms: await timed("* | stats by (_time:1h) count() n"),
      rss_mb: peakMb(child.pid),
    };
    child.kill("SIGTERM");
    await child.status;
    figures.disk_ratio = sizeOf(data) / made.bytes;
    return figures;
  } finally {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await child.status;
    Deno.removeSync(data, { recursive: true });
  }
}

async function isThere(): Promise<boolean> {
  try {
    const args = ["--version"];
    await new Deno.Command("victoria-logs", { args, stdout: "null", stderr: "null" }).output();
    return true;
  } catch {
    return false;
  }
}

async function ready(): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const answer = await fetch(`${URL_BASE}/health`).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("victoria-logs did not start");
}

/** Stores the file, 20,000 lines a request, each with its time and the file as its stream. */
async function insert(path: string): Promise<void> {
  const decoder = new TextDecoderStream();
  const file = await Deno.open(path);
  let rest = "", body: string[] = [];
  const flush = async () => {
    await post(
      "/insert/jsonline?_stream_fields=file&_time_field=_time&_msg_field=_msg",
      body.join("\n"),
    );
    body = [];
  };
  for await (const piece of file.readable.pipeThrough(decoder)) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      body.push(JSON.stringify({ _time: timeOf(line), file: path, _msg: line }));
      if (body.length === 20_000) await flush();
    }
  }
  if (body.length > 0) await flush();
}

let lastTime = "2026-11-20T00:00:00Z";

/** The line's time, or that of the one before it. */
function timeOf(line: string): string {
  const json = /^\{"time":"([^"]+)"/.exec(line)?.[1];
  const access = /\[(\d\d)\/Nov\/(\d{4}):([\d:]+)/.exec(line);
  if (json !== undefined) lastTime = json;
  else if (access !== null) lastTime = `${access[2]}-11-${access[1]}T${access[3]}Z`;
  return lastTime;
}

async function post(path: string, body: string): Promise<void> {
  const answer = await fetch(URL_BASE + path, { method: "POST", body });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`victoria-logs answers ${answer.status}: ${text}`);
}

async function timed(query: string): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < RUNS; i++) {
    const since = performance.now();
    const answer = await fetch(
      `${URL_BASE}/select/logsql/query?query=${encodeURIComponent(query)}`,
    );
    await answer.text();
    times.push(performance.now() - since);
  }
  return times.sort((a, b) => a - b)[RUNS >> 1];
}

/** CPU seconds of a process, from the kernel; 100 ticks a second. */
function cpuSeconds(pid: number): number {
  const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function peakMb(pid: number): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}

function sizeOf(folder: string): number {
  let bytes = 0;
  for (const entry of Deno.readDirSync(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) bytes += sizeOf(path);
    else bytes += (Deno.lstatSync(path).blocks ?? 0) * 512;
  }
  return bytes;
}
