/**
 * The same lines in VictoriaLogs, where the program is on the PATH: stored over HTTP as JSON lines
 * (it tails no files), asked the same questions. Figures under the names of ours.
 */
import assert from "node:assert/strict";
import type { LinesMade } from "./lines.ts";
import { COMMON_PHRASE, RARE_WORD, REGEXP } from "./lines.ts";

const RUNS = 5;

export type PeerFigures = Record<string, number>;

/** Undefined where the program is not there. */
export async function benchVictoriaLogs(
  path: string,
  made: LinesMade,
): Promise<PeerFigures | undefined> {
  if (!await isThere()) return undefined;
  const data = Deno.makeTempDirSync({ prefix: "weir-bench-peer-" });
  const address = `127.0.0.1:${freePort()}`, url = `http://${address}`;
  const child = new Deno.Command("victoria-logs", {
    args: [
      `-httpListenAddr=${address}`,
      `-storageDataPath=${data}`,
      "-retentionPeriod=100y",
      "-futureRetention=100y",
    ],
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    await ready(url);
    const cpu = cpuSeconds(child.pid), since = performance.now();
    await insert(url, path);
    await post(`${url}/internal/force_flush`, "");
    const cpuS = cpuSeconds(child.pid) - cpu, wallS = (performance.now() - since) / 1000;
    const ask = (query: string) => timed(url, child.pid, query);
    const all = await ask("* | stats count() n");
    assert.equal(numberIn(all.text), made.lines, "every line is stored");
    const rare = await ask(RARE_WORD);
    const wanted = Math.floor((made.lines + 99_996) / 200_000);
    assert.equal(rare.text.trim().split("\n").length, wanted, "lines with the rare word");
    const phrase = await ask(`"${COMMON_PHRASE}" | stats count() n`);
    const regexp = await ask(`_msg:~${JSON.stringify(REGEXP)} | stats count() n`);
    assert.ok(numberIn(phrase.text) > made.lines / 4 && numberIn(regexp.text) > 0, "found");
    const figures: PeerFigures = {
      lines_per_cpu_s: Math.round(made.lines / cpuS),
      lines_per_s: Math.round(made.lines / wallS),
      rare_word_ms: rare.ms,
      rare_word_cpu_ms: rare.cpuMs,
      phrase_ms: phrase.ms,
      phrase_cpu_ms: phrase.cpuMs,
      regexp_ms: regexp.ms,
      regexp_cpu_ms: regexp.cpuMs,
      count_by_hour_ms: (await ask("* | stats by (_time:1h) count() n")).ms,
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

/** A port that was free a moment ago; the program takes no 0. */
function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  return listener.addr.port;
}

/** The number of an answer of one line: {"n":"12"}. */
function numberIn(text: string): number {
  return Number(JSON.parse(text).n);
}

async function ready(url: string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const answer = await fetch(`${url}/health`).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("victoria-logs did not start");
}

/** Stores the file, 20,000 lines a request, each with its time and the file as its stream. */
async function insert(url: string, path: string): Promise<void> {
  const decoder = new TextDecoderStream();
  const file = await Deno.open(path);
  let rest = "", body: string[] = [];
  const flush = async () => {
    await post(
      `${url}/insert/jsonline?_stream_fields=file&_time_field=_time&_msg_field=_msg`,
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

async function post(url: string, body: string): Promise<void> {
  const answer = await fetch(url, { method: "POST", body });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`victoria-logs answers ${answer.status}: ${text}`);
}

/** Asks some times: the answer, the median of the times, and the mean of its CPU time, ms. */
async function timed(
  url: string,
  pid: number,
  query: string,
): Promise<{ text: string; ms: number; cpuMs: number }> {
  const times: number[] = [], cpu = cpuSeconds(pid);
  let text = "";
  for (let i = 0; i < RUNS; i++) {
    const since = performance.now();
    const answer = await fetch(`${url}/select/logsql/query?query=${encodeURIComponent(query)}`);
    text = await answer.text();
    if (!answer.ok) throw new Error(`victoria-logs answers ${answer.status}: ${text}`);
    times.push(performance.now() - since);
  }
  const cpuMs = (cpuSeconds(pid) - cpu) * 1000 / RUNS;
  return { text, ms: times.sort((a, b) => a - b)[RUNS >> 1], cpuMs };
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
