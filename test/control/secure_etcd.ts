/**
 * An etcd of a test's own that speaks TLS, asks each client for a certificate and has users: the CN of
 * a certificate is the user. The roles are made by `weir etcd roles`.
 */
import { type Etcd3, Range } from "etcd3";
import { stringify } from "yaml";
import { createEtcd } from "../../core/etcd/client.ts";
import { makeAuthority } from "../agent/certificates.ts";
import { type Program, startProgram } from "../support/process.ts";
import { run } from "../support/process.ts";
import { sayOnStderr, unpackedCommand } from "../support/real/install.ts";
import { type Server, startEtcd } from "../support/servers.ts";
import { type TempDir, tempDir } from "../support/temp.ts";
import { etcdSettings } from "./settings.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** Users, each with the role of its name. */
export const USERS = [
  "weir-agent",
  "weir-transfer",
  "weir-monitor",
  "weir-page",
  "weir-operator",
] as const;

export class SecureEtcd implements AsyncDisposable {
  readonly folder: TempDir;
  readonly server: Server;
  /** May do everything. */
  readonly root: Etcd3;
  #clients: Etcd3[] = [];
  #programs: Program[] = [];

  private constructor(folder: TempDir, server: Server) {
    this.folder = folder;
    this.server = server;
    this.root = this.client("root");
  }

  /** @param more further users that get a certificate */
  static async start(...more: string[]): Promise<SecureEtcd> {
    const folder = await tempDir("weir-etcd-tls-");
    const authority = await makeAuthority(folder);
    for (const name of ["server", "root", ...USERS, ...more]) {
      await authority.issue(name, "20200101000000Z", "20991231000000Z");
    }
    const file = (name: string) => folder.join(name);
    const tls = {
      caFile: file("ca.pem"),
      certFile: file("server.crt"),
      keyFile: file("server.key"),
    };
    return new SecureEtcd(folder, await startEtcd({ tls }));
  }

  /** Settings of a program that logs in with the certificate of a user. */
  settings(user: string): Record<string, unknown> {
    return {
      hosts: [this.server.address],
      timeout: "2s",
      reread: "2s",
      caFile: this.folder.join("ca.pem"),
      certFile: this.folder.join(`${user}.crt`),
      keyFile: this.folder.join(`${user}.key`),
    };
  }

  client(user: string, more: Record<string, unknown> = {}): Etcd3 {
    const client = createEtcd(etcdSettings({ ...this.settings(user), ...more }));
    this.#clients.push(client);
    return client;
  }

  /** Users get the roles of their names; from here on nobody may do what his role does not say. */
  async requireLogin(users: readonly string[]): Promise<void> {
    for (const name of ["root", ...users]) {
      const user = await this.root.user(name).create(crypto.randomUUID());
      if (name === "root") await this.root.role("root").create();
      await user.addRole(name);
    }
    await this.root.auth.authEnable();
  }

  /** Every key and value that there is. */
  async everything(): Promise<string> {
    const found = await this.root.getAll().inRange(Range.from({ start: "\0", end: "\0" } as never))
      .strings();
    return JSON.stringify(found);
  }

  /** Runs etcdctl as root. */
  async etcdctl(...args: string[]): Promise<string> {
    const command = await unpackedCommand("etcdctl", "etcd-client", sayOnStderr);
    const file = (name: string) => this.folder.join(name);
    return await run(command, [
      `--endpoints=${this.server.address}`,
      `--cacert=${file("ca.pem")}`,
      `--cert=${file("root.crt")}`,
      `--key=${file("root.key")}`,
      ...args,
    ], { env: { ETCDCTL_API: "3" } });
  }

  /** Starts a program of this project from source with settings in a file; it ends with this. */
  async start(main: string, settings: unknown, ...args: string[]): Promise<Program> {
    const file = this.folder.join(`${crypto.randomUUID()}.yaml`);
    await Deno.writeTextFile(file, stringify(settings));
    const command = ["run", "-A", "--quiet", "--no-check", `${ROOT}${main}`, ...args];
    const program = startProgram(Deno.execPath(), [...command, "--config", file], { cwd: ROOT });
    this.#programs.push(program);
    return program;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.stop()));
    for (const client of this.#clients) client.close();
    await this.server.remove();
    await this.folder.remove();
  }
}
