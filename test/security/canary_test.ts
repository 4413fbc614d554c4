/**
 * Case 56: a secret of every setting that takes one is in no output: standard output and error from the start to the
 * end, --help, --print-config, faults of the settings, every path of the HTTP servers, the command line, the files that
 * a program writes. The programs meet servers that are away or refuse them, so that their errors are seen as well.
 */
import assert from "node:assert/strict";
import { stringify } from "yaml";
import { type Program, startProgram } from "../support/process.ts";
import { type TempDir, tempDir } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";
import { Canaries, type Settings } from "./canaries.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const AWAY = "127.0.0.1:1";
const LISTENING = /(?:Listening|Weir is at).*?(http:\/\/127\.0\.0\.1:\d+)/;
const PATHS = ["/metrics", "/api/status", "/readyz", "/healthz", "/", "/api/search", "/api/host"];
const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  agent: ["agent/main.ts"],
  transfer: ["transfer/main.ts"],
  monitor: ["monitor/main.ts"],
  page: ["cli/main.ts", "page"],
};

/** A server that refuses every request, and keeps what was asked of it. */
class Refusing implements AsyncDisposable {
  readonly asked: string[] = [];
  readonly #server;

  constructor() {
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
      this.asked.push(`${request.url} ${request.headers.get("authorization")}`);
      return Response.json({ error: { type: "security_exception", reason: "no" }, status: 401 }, {
        status: 401,
      });
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

function settingsFor(program: string, folder: TempDir, server: string): Settings {
  const listen = "127.0.0.1:0", log = { level: "debug" };
  const kafka = {
    brokers: [AWAY],
    sasl: { mechanism: "plain", username: "u", allowPlaintext: true },
  };
  const etcd = { hosts: [`http://${AWAY}`], username: "u", timeout: "1s" };
  const elasticsearch = { nodes: [server] };
  switch (program) {
    case "agent":
      return {
        ...{ listen, log, kafka, etcd, host: "h", ip: "10.0.0.7", state: folder.join("state") },
        ...{ tail: { roots: [folder.path] } },
      };
    case "transfer":
      return { listen, log, kafka, etcd, elasticsearch };
    case "monitor":
      return {
        ...{ listen, log, etcd },
        influx: { enabled: true, url: server, org: "o", bucket: "b", interval: "1s" },
      };
    default:
      return { listen, log, etcd, elasticsearch, kafka };
  }
}

function start(program: string, ...args: string[]): Program {
  const [file, ...command] = PROGRAMS[program];
  const run = ["run", "-A", "--quiet", "--no-check", `${ROOT}${file}`, ...command, ...args];
  return startProgram(Deno.execPath(), run, { env: { NO_COLOR: "1" } });
}

async function outputOf(program: string, ...args: string[]): Promise<string> {
  const started = start(program, ...args);
  await started.exit;
  return started.stdout + started.stderr;
}

async function write(folder: TempDir, name: string, settings: Settings): Promise<string> {
  const path = folder.join(name);
  await Deno.writeTextFile(path, stringify(settings).replaceAll("$", "$$$$"));
  return path;
}

/** What a running program answers, with its password and without. */
async function answersOf(url: string, headers: Record<string, string>): Promise<string> {
  let text = "";
  for (const path of PATHS) {
    for (const init of [{}, { headers }, { method: "POST", headers }]) {
      const answer = await fetch(new URL(path, url), init);
      text += `${JSON.stringify([...answer.headers])}\n${await answer.text()}\n`;
    }
  }
  return text;
}

async function filesOf(folder: string): Promise<string> {
  let text = "";
  for await (const { name, isFile, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) text += await filesOf(path);
    else if (isFile && !name.startsWith("canary-")) text += await Deno.readTextFile(path);
  }
  return text;
}

for (const program of Object.keys(PROGRAMS)) {
  Deno.test(`${program}: no secret in what it prints, answers and writes`, async () => {
    await using folder = await tempDir();
    await using server = new Refusing();
    const canaries = new Canaries(folder);
    const settings = await canaries.settingsOf(
      program,
      settingsFor(program, folder, server.url),
    );
    const config = await write(folder, "weir.yaml", settings);
    assert(canaries.all.size >= 2, `${program} has ${canaries.all.size} secrets`);
    const check = (what: string, text: string) =>
      assert.deepEqual(canaries.foundIn(text), [], `${what} of ${program}`);

    await using running = start(program, "--config", config);
    const [, url] = await running.waitForLine(LISTENING, 60_000);
    const passwords = [...canaries.all].filter(([name]) => name === `${program}.tokenFile`);
    const headers = { authorization: `Bearer ${passwords[0]?.[1] ?? "none"}` };
    check("the command line", await Deno.readTextFile(`/proc/${running.pid}/cmdline`));
    if (program === "monitor") {
      await waitFor("a request with a secret", () => canaries.foundIn(server.asked.join()).length, {
        timeoutMs: 60_000,
        detail: () => running.tail(),
      });
    }
    check("the answers", await answersOf(url, headers));
    await running.stop();
    check("the output", running.stdout + running.stderr);
    check("the help", await outputOf(program, "--help"));
    check("--check-config", await outputOf(program, "--config", config, "--check-config"));
    if (program !== "page") {
      const printed = await outputOf(program, "--config", config, "--print-config");
      assert.match(printed, /File: /);
      check("--print-config", printed);
    }
    check("the files that it wrote", await filesOf(folder.path));
  });

  Deno.test(`${program}: no secret in what it says of certificates and settings that are wrong`, async () => {
    await using folder = await tempDir();
    await using server = new Refusing();
    const canaries = new Canaries(folder);
    const base = settingsFor(program, folder, server.url);
    if (base.kafka !== undefined) {
      (base.kafka as Settings).tls = { enabled: true };
    }
    const settings = await canaries.settingsOf(program, base, true);
    const config = await write(folder, "weir.yaml", settings);
    await using running = start(program, "--config", config);
    await Promise.race([
      running.exit,
      running.waitForLine(/certificate|PEM|pem|TLS|tls/, 60_000),
    ]);
    await running.stop();
    const said = running.stdout + running.stderr;
    assert.notEqual(said, "");
    assert.deepEqual(canaries.foundIn(said), [], `what ${program} says of wrong certificates`);

    // Somebody writes the secret itself where the file's name should be, or under a name that is none.
    for (const [name, wrong] of Object.entries(wrongSettings(base, canaries))) {
      const wrongConfig = await write(folder, "wrong.yaml", wrong);
      const output = await outputOf(program, "--config", wrongConfig, "--check-config");
      assert.match(output, /Unknown key|expected/, name);
      assert.deepEqual(canaries.foundIn(output), [], `${name}: ${output}`);
    }
  });
}

function wrongSettings(base: Settings, canaries: Canaries): Record<string, Settings> {
  const of = (name: string) => canaries.value(`wrong.${name}`);
  return {
    "an unknown password": { ...base, password: of("password") },
    "an unknown apiKey in a group": { ...base, etcd: { apiKey: of("apiKey") } },
    "a list of tokens": { ...base, tokenFile: [of("token")], listen: 5 },
    "a key with a secret on the next line": { ...base, secret: { value: of("secret") } },
  };
}
