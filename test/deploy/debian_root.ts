/**
 * A Debian system to install packages into: made once by debootstrap and kept in the cache; each test has a layer of
 * its own over it, so that it begins clean. Programs in it run in this machine's network. Needs root.
 */
import { cached, needCommand, type Say, sayOnStderr } from "../support/real/install.ts";
import { type Program, run, startProgram } from "../support/process.ts";
import { type TempDir, tempDir } from "../support/temp.ts";

const SUITE = "bookworm";

/** Makes the system where it is not yet; returns its folder. About two minutes and 220 MB the first time. */
export async function installDebianRoot(say: Say = sayOnStderr): Promise<string> {
  await needCommand("debootstrap", "debootstrap", say);
  return await cached(`debian-root-${SUITE}-1`, say, async (folder) => {
    await run("debootstrap", ["--variant=minbase", SUITE, `${folder}/root`]);
  }) + "/root";
}

/** One test's system. */
export class DebianRoot implements AsyncDisposable {
  readonly #layer: TempDir;
  readonly path: string;

  private constructor(layer: TempDir) {
    this.#layer = layer;
    this.path = layer.join("root");
  }

  static async open(): Promise<DebianRoot> {
    const lower = await installDebianRoot();
    const layer = await tempDir("weir-debian-");
    for (const name of ["root", "upper", "work"]) await Deno.mkdir(layer.join(name));
    const layers = `lowerdir=${lower},upperdir=${layer.join("upper")},workdir=${
      layer.join("work")
    }`;
    await run("mount", ["-t", "overlay", "overlay", "-o", layers, layer.join("root")]);
    const root = new DebianRoot(layer);
    await run("mount", ["-t", "proc", "proc", root.join("/proc")]);
    await run("mount", ["--bind", "/dev", root.join("/dev")]);
    return root;
  }

  /** The path from outside of a path inside. */
  join(path: string): string {
    return this.path + path;
  }

  /** Runs a command in it as root; rejects with its output where it fails. */
  async run(command: string, ...args: string[]): Promise<string> {
    return await run("chroot", [this.path, command, ...args], {
      env: {
        PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
        DEBIAN_FRONTEND: "noninteractive",
        LC_ALL: "C",
      },
    });
  }

  /** Starts a command in it as nobody. */
  start(command: string, ...args: string[]): Program {
    const as = ["--reuid", "nobody", "--regid", "nogroup", "--clear-groups", "--no-new-privs"];
    const last = ["--pdeathsig", "KILL", "--", command, ...args];
    return startProgram("chroot", [this.path, "setpriv", ...as, ...last]);
  }

  /** Installs or upgrades packages that lie outside. */
  async install(...packages: string[]): Promise<string> {
    for (const path of packages) {
      await Deno.copyFile(path, this.join(`/tmp/${path.split("/").at(-1)}`));
    }
    return await this.run(
      "dpkg",
      "-i",
      ...packages.map((path) => `/tmp/${path.split("/").at(-1)}`),
    );
  }

  /** Starts the program of an installed unit with its user, groups, state folder and checks, as systemd would. */
  async startUnit(name: string): Promise<Program> {
    const unit = await this.unit(name);
    const user = unit.get("User")!.at(-1)!, group = unit.get("Group")!.at(-1)!;
    const groups = [group, ...(unit.get("SupplementaryGroups") ?? []).flatMap((g) => g.split(" "))];
    for (const state of unit.get("StateDirectory") ?? []) {
      await this.run("install", "-d", "-o", user, "-g", group, "-m", "700", `/var/lib/${state}`);
      // systemd, too, takes over what another user has left there.
      await this.run("chown", "-R", `${user}:${group}`, `/var/lib/${state}`);
    }
    const as = ["--reuid", user, "--regid", group, "--groups", groups.join(","), "--no-new-privs"];
    for (const check of unit.get("ExecStartPre") ?? []) {
      await this.run("setpriv", ...as, "--", ...check.split(" "));
    }
    const program = unit.get("ExecStart")!.at(-1)!.split(" ");
    // The kernel forgets the parent's death signal when the user changes: setpriv sets it after that.
    return startProgram("chroot", [
      this.path,
      "setpriv",
      ...as,
      "--pdeathsig",
      "KILL",
      "--",
      ...program,
    ]);
  }

  /** The settings of an installed unit, each with all its values. */
  async unit(name: string): Promise<Map<string, string[]>> {
    const text = await Deno.readTextFile(this.join(`/usr/lib/systemd/system/${name}.service`));
    const found = new Map<string, string[]>();
    for (const [, key, value] of text.matchAll(/^([A-Za-z]+)=(.*)$/gm)) {
      found.set(key, [...found.get(key) ?? [], value]);
    }
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const mount of ["/dev", "/proc", ""]) await run("umount", [this.join(mount)]);
    await this.#layer.remove();
  }
}
