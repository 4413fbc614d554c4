/**
 * A Docker engine for one run of tests, as root: Debian's docker.io in a network namespace of its own, so that bridges,
 * names and published ports work and nothing leaves this machine; compose is built once from its Go module. `open()`
 * starts it, disposing ends it and removes its data.
 */
import { cached, needCommand, type Say, sayOnStderr } from "../support/real/install.ts";
import { GuardedProcess } from "../support/real/guard.ts";
import { run, startProgram } from "../support/process.ts";
import { type TempDir, tempDir, uniqueName } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";

const COMPOSE = "v2.40.3";

/** Builds docker-compose where it is not yet, two minutes once; returns its path. */
export async function installCompose(say: Say = sayOnStderr): Promise<string> {
  await needCommand("go", "golang-go", say);
  const folder = await cached(`docker-compose-${COMPOSE}-1`, say, async (folder) => {
    const work = `${folder}/build`;
    await Deno.mkdir(work);
    const env = { GOFLAGS: "-mod=mod -buildvcs=false", CGO_ENABLED: "0" };
    await run("go", ["mod", "init", "weir/compose"], { cwd: work, env });
    await run("go", ["get", `github.com/docker/compose/v2@${COMPOSE}`], { cwd: work, env });
    await run("go", [
      "build",
      "-trimpath",
      "-ldflags",
      `-s -w -X github.com/docker/compose/v2/internal.Version=${COMPOSE}`,
      "-o",
      `${folder}/docker-compose`,
      "github.com/docker/compose/v2/cmd",
    ], { cwd: work, env });
    await Deno.remove(work, { recursive: true });
  });
  return `${folder}/docker-compose`;
}

export class DockerEngine implements AsyncDisposable {
  readonly #folder: TempDir;
  readonly #namespace: string;
  readonly #daemon: GuardedProcess;
  readonly #compose: string;

  private constructor(folder: TempDir, namespace: string, daemon: GuardedProcess, compose: string) {
    this.#folder = folder;
    this.#namespace = namespace;
    this.#daemon = daemon;
    this.#compose = compose;
  }

  static async open(say: Say = sayOnStderr): Promise<DockerEngine> {
    for (
      const [command, debian] of [["dockerd", "docker.io"], ["ip", "iproute2"], [
        "iptables",
        "iptables",
      ]]
    ) {
      await needCommand(command, debian, say);
    }
    const compose = await installCompose(say);
    const folder = await tempDir("weir-docker-"), namespace = uniqueName("weir");
    await run("ip", ["netns", "add", namespace]);
    await run("nsenter", [`--net=/run/netns/${namespace}`, "ip", "link", "set", "lo", "up"]);
    await Deno.mkdir(folder.join("guard"));
    const log = folder.join("dockerd.log");
    await Deno.writeTextFile(log, "");
    // Not `ip netns exec`: it mounts /sys anew, and dockerd then finds no cgroups.
    const daemon = await GuardedProcess.start({
      folder: folder.join("guard"),
      log,
      command: [
        "nsenter",
        `--net=/run/netns/${namespace}`,
        "dockerd",
        `--data-root=${folder.join("data")}`,
        `--exec-root=${folder.join("exec")}`,
        `--pidfile=${folder.join("docker.pid")}`,
        `--host=unix://${folder.join("docker.sock")}`,
      ],
      env: Deno.env.toObject(),
    });
    const engine = new DockerEngine(folder, namespace, daemon, compose);
    try {
      await waitFor("dockerd", async () => {
        await engine.docker("version");
        return true;
      }, { timeoutMs: 60_000, everyMs: 200 });
    } catch (error) {
      const end = (await Deno.readTextFile(log)).split("\n").slice(-10).join("\n");
      await engine[Symbol.asyncDispose]();
      throw new Error(`dockerd does not start: ${error}\n${end}`);
    }
    return engine;
  }

  get #env(): Record<string, string> {
    return { DOCKER_HOST: `unix://${this.#folder.join("docker.sock")}`, DOCKER_BUILDKIT: "0" };
  }

  async docker(...args: string[]): Promise<string> {
    return await run("docker", args, { env: this.#env });
  }

  async compose(args: string[], env: Record<string, string> = {}): Promise<string> {
    return await run(this.#compose, args, { env: { ...this.#env, ...env } });
  }

  /** An image of a folder's tree; it shares nothing with other images. */
  async importTree(folder: string, image: string): Promise<void> {
    const sock = this.#env.DOCKER_HOST;
    await run("sh", [
      "-c",
      `tar -C "$1" -c . | docker -H "$2" import - "$3"`,
      "sh",
      folder,
      sock,
      image,
    ]);
  }

  /** Runs a command where the published ports are. */
  async inside(command: string, ...args: string[]): Promise<string> {
    return await run("nsenter", [`--net=/run/netns/${this.#namespace}`, command, ...args]);
  }

  /** Text of a GET to a published port; rejects where the answer is an error. */
  async get(url: string): Promise<string> {
    return await this.inside("curl", "-fsS", "--max-time", "10", url);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#daemon.signal("SIGTERM");
    await this.#daemon.gone(30_000).catch(() => this.#daemon.signal("SIGKILL"));
    for (const mount of await mountsBelow(this.#folder.path)) {
      await startProgram("umount", ["-l", mount]).exit;
    }
    await startProgram("ip", ["netns", "del", this.#namespace]).exit;
    await this.#folder.remove();
  }
}

/** Deepest first. */
async function mountsBelow(folder: string): Promise<string[]> {
  const mounts = (await Deno.readTextFile("/proc/mounts")).split("\n").map((line) =>
    line.split(" ")[1]
  );
  return mounts.filter((path) => path?.startsWith(`${folder}/`)).sort().reverse();
}
