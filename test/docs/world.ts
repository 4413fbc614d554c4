/**
 * Where the commands of the documents are run: a clean Debian system with the packages installed, settings at their
 * usual places that name the test's servers, and some logs. Addresses of the documents are replaced by real ones.
 */
import { buildDeb } from "../../deploy/packages/deb.ts";
import { PACKAGES } from "../../deploy/packages/contents.ts";
import { sha256Sums } from "../../deploy/release.ts";
import { DebianRoot } from "../deploy/debian_root.ts";
import { distFolder } from "../support/dist.ts";
import { type Program, run, startProgram } from "../support/process.ts";
import { needCommand, sayOnStderr, unpackedCommand } from "../support/real/install.ts";
import { servers } from "../support/servers.ts";
import { type TempDir, tempDir, uniqueName } from "../support/temp.ts";
import { blocksOf } from "./commands.ts";

const CHECKOUT = new URL("../../", import.meta.url).pathname;

export class World implements AsyncDisposable {
  readonly root: DebianRoot;
  readonly #folder: TempDir;
  readonly #etcdctl: string;
  readonly #etcd: string;
  readonly #elastic: string;
  readonly topic: string;
  readonly #words: [string, string][];

  private constructor(
    root: DebianRoot,
    folder: TempDir,
    etcdctl: string,
    at: { kafka: string; elasticsearch: string; etcd: string },
  ) {
    this.root = root;
    this.#folder = folder;
    this.#etcdctl = etcdctl;
    this.#etcd = at.etcd;
    this.#elastic = at.elasticsearch;
    this.topic = uniqueName("docs");
    this.#words = [
      ["127.0.0.1:9092", at.kafka],
      ["http://127.0.0.1:9200", at.elasticsearch],
      ["http://127.0.0.1:2379", at.etcd],
      ["web_log", this.topic],
      ["host/10.0.0.7", `host/${this.topic}`],
      ["/logagent/10.0.0.7/", `/logagent/${this.topic}/`],
      ["/logagent/kubernetes/", `/logagent/${this.topic}-kubernetes/`],
      ["0.0.0.0:7700", "127.0.0.1:0"],
      ["{topic}", this.topic],
      ["{elastic}", at.elasticsearch],
      ["{ledger}", `--ledger ${this.topic}-ledger --index weir-${this.topic}-*`],
    ];
  }

  static async open(): Promise<World> {
    const dist = distFolder("npm test -- docs");
    const { kafka, elasticsearch, etcd } = await servers("kafka", "elasticsearch", "etcd");
    const etcdctl = await unpackedCommand("etcdctl", "etcd-client", sayOnStderr);
    await needCommand("kcat", "kcat", sayOnStderr);
    const folder = await tempDir("weir-docs-");
    const options = { dist, out: folder.path, version: "0.1.0", fast: true };
    const debs = await Promise.all(PACKAGES.map((spec) => buildDeb(spec, options)));
    const root = await DebianRoot.open();
    const world = new World(root, folder, etcdctl, { kafka, elasticsearch, etcd });
    try {
      await root.install(...debs);
      await world.#furnish(dist);
    } catch (error) {
      await world[Symbol.asyncDispose]();
      throw error;
    }
    return world;
  }

  /** Replaces what the documents call a thing by what it is here; `page` where a page is up. */
  said(text: string, page = ""): string {
    const words = [...this.#words, ["http://127.0.0.1:7700", page], ["http://logs:7700", page]];
    return words.reduce((all, [from, to]) => all.replaceAll(from, to), text);
  }

  /** Runs in the system as root, or as `weir` behind `sudo -u weir`; rejects where the code is another one. */
  async once(text: string, code: number): Promise<string> {
    const program = this.#start(text);
    const ended = await program.exit;
    if (ended.code !== code) throw new Error(`exit code ${ended.code}${program.tail()}`);
    return program.stdout;
  }

  service(text: string): Program {
    // The shell makes way for the program, which then gets the signal.
    return this.#start(text.replace(/(^|&& )(?=\S+[^&]*$)/, "$1exec "));
  }

  #start(text: string): Program {
    const user = /^sudo -u (\w+) /.exec(text);
    const as = user === null
      ? []
      : ["setpriv", `--reuid=${user[1]}`, "--regid=weir", "--groups=adm"];
    const line = text.replace(/^sudo (-u \w+ )?/, "");
    const shell = [...as, "sh", "-c", `cd ${user === null ? "/srv/site" : "/"} && ${line}`];
    return startProgram("chroot", [this.root.path, ...shell], {
      // Whoever is asked for a password has one.
      input: "a good password\na good password\n",
      env: {
        HOME: "/srv/site",
        PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
        WEIR_PASSWORD: "",
        NO_COLOR: "1",
      },
    });
  }

  /** Runs on this machine, where etcdctl, curl and kcat are. */
  async here(text: string): Promise<string> {
    const line = text.replace(/^etcdctl/, `'${this.#etcdctl}'`);
    return await run("sh", ["-c", line], {
      cwd: CHECKOUT,
      env: { ETCDCTL_API: "3", ETCDCTL_ENDPOINTS: this.#etcd },
    });
  }

  /** `npm ci && npm start` without the first half, on one file, and with data of its own. */
  checkout(text: string): Program {
    const start = text.replace(/^npm ci && /, "");
    const options = `--listen 127.0.0.1:0 --data ${this.#folder.join("up")} ${CHECKOUT}README.md`;
    return startProgram("sh", ["-c", `exec ${start} -- ${options}`], { cwd: CHECKOUT });
  }

  async #furnish(dist: string): Promise<void> {
    const { root, topic } = this;
    const write = (path: string, text: string) => Deno.writeTextFile(root.join(path), text);
    const yaml = blocksOf("README.md", "yaml").map((text) => this.said(text));
    const [agent, transfer] = ["# agent.yaml", "# transfer.yaml"].map((name) =>
      yaml.find((text) => text.startsWith(name))!
    );
    const ledger = `ip: ${topic}\nledger: {topic: ${topic}-ledger, interval: 1s}\n` +
      `detail: {enabled: false}\n`;
    const group = `\nlisten: 127.0.0.1:0\ndetail: {enabled: false}\n`;
    const port = freePort();
    this.#words.push(["127.0.0.1:9463", `127.0.0.1:${port}`]);
    await run("mkdir", [
      "-p",
      ...[
        "/srv/site/logs",
        "/srv/app/log",
        "/var/log/nginx",
        "/usr/local/share/zsh/site-functions",
      ].map((path) => root.join(path)),
    ]);
    await write("/etc/weir/agent.yaml", `${agent}${ledger}listen: 127.0.0.1:${port}\n`);
    await write("/srv/site/agent.yaml", `${agent}${ledger}listen: 127.0.0.1:0\n`);
    await write("/etc/weir/transfer.yaml", `${transfer}${group}`);
    await write("/srv/site/transfer.yaml", `${transfer}${group}`);
    await write("/etc/weir/monitor.yaml", "listen: 127.0.0.1:0\n");
    await write("/etc/weir/page-password", "a good password\n");
    await write("/srv/site/.weir-token", "a-token-of-some-length\n");
    await write("/etc/weir/weir.yaml", `etcd: {hosts: ["${this.#etcd}"]}\n`);
    const nodes = `elasticsearch: {nodes: ["${this.#elastic}"]}`;
    await write("/srv/site/page.yaml", `${nodes}\nlisten: 127.0.0.1:0\n`);
    const entries = ["/var/log/nginx/*.log", "/var/log/app.log"].map((path) => ({ path, topic }));
    await write("/srv/site/new.json", JSON.stringify(entries));
    await write("/var/log/nginx/access.log", "ERROR payment refused\nINFO payment taken\n");
    await write("/var/log/app.log", "ERROR disk full\n");
    await write("/srv/site/app.log", "INFO started\n");
    await Deno.copyFile(`${dist}/weir-agent`, root.join("/srv/site/weir-agent-linux-x64"));
    await write(
      "/srv/site/SHA256SUMS",
      await sha256Sums(root.join("/srv/site"), ["weir-agent-linux-x64"]),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.here(`etcdctl del --prefix /logagent/${this.topic}`).catch(console.error);
    const found = await fetch(`${this.#elastic}/_cat/indices/weir-${this.topic}-*?h=index`);
    for (const index of (await found.text()).split("\n").filter((name) => name !== "")) {
      await (await fetch(`${this.#elastic}/${index}`, { method: "DELETE" })).body?.cancel();
    }
    await this.root[Symbol.asyncDispose]();
    await this.#folder.remove();
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
