/**
 * A piece of network of a test's own on which packets are really lost, come twice and come out of order: two network
 * namespaces, joined by a quick and a slow pair of interfaces. Connections lead in and out by sockets in the file
 * system, so no address of the machine is taken, and any number of links can be open at once. TCP between the two does
 * what it does on a bad line; whoever is connected notices late bytes. Linux and root alone; the namespaces end with
 * this process.
 *
 * Loss and repeats are rules of iptables with a chance each. What comes out of order goes the slow way, which keeps its
 * own pace. A constant delay needs no packets: TcpProxy.delayMs.
 */
import { type Program, run, startProgram } from "./process.ts";
import { needCommand, sayOnStderr } from "./real/install.ts";
import { TcpProxy } from "./tcp_proxy.ts";
import { type TempDir, tempDir } from "./temp.ts";

const PORT_FIRST = 7000;
const RELAY = new URL("relay.ts", import.meta.url).pathname;
/** The addresses of each end: on the quick way and on the slow one. Nothing outside the namespaces sees them. */
const ENDS = [
  { quick: "10.0.0.1", slow: "10.0.1.1" },
  { quick: "10.0.0.2", slow: "10.0.1.2" },
];
const SLOW_RATE = "500kbit", SLOW_QUEUE_BYTES = "40000", SLOW_BURST_BYTES = "1600";

/** The chance of each packet, 0 to 1, in each direction. */
export interface LinkTrouble {
  lost?: number;
  twice?: number;
  /** Goes the slow way, behind packets that were sent later. */
  late?: number;
}

/** What TCP noticed at both ends so far. */
export interface LinkCounts {
  /** Segments sent again. */
  again: number;
  /** Segments that came before an earlier one. */
  early: number;
  /** Segments that were there already. */
  repeated: number;
}

export class LossyLink implements AsyncDisposable {
  readonly #folder: TempDir;
  readonly #targets: readonly string[];
  readonly #exits: TcpProxy[] = [];
  #ends: Program[] = [];

  private constructor(folder: TempDir, targets: readonly string[]) {
    this.#folder = folder;
    this.#targets = targets;
  }

  /** Why this user or kernel cannot make one; undefined where they can. */
  static async missing(): Promise<string | undefined> {
    if (Deno.uid() !== 0) return "a network namespace is made as root alone";
    await needCommand("ip", "iproute2", sayOnStderr);
    await needCommand("iptables", "iptables", sayOnStderr);
    const tee = ["-j", "TEE", "--gateway", ENDS[0].quick];
    const probe = ["-t", "mangle", "-A", "POSTROUTING", ...chance(0.5), ...tee];
    try {
      await run("unshare", ["--net", "--", "iptables", ...probe]);
    } catch (error) {
      return `no rules in a network namespace here: ${(error as Error).message}`;
    }
  }

  /**
   * A link without trouble to each of these addresses. Rejects where this user or kernel cannot make one.
   * @param targets "HOST:PORT"
   */
  static async open(targets: readonly string[]): Promise<LossyLink> {
    const missing = await LossyLink.missing();
    if (missing !== undefined) throw new Error(`Cannot lose packets: ${missing}`);
    const link = new LossyLink(await tempDir("weir-link-"), targets);
    try {
      await link.#start();
      return link;
    } catch (error) {
      await link[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The address, for a proxy's target, from which a connection goes over the link to that target. */
  entranceOf(target: string): string {
    const at = this.#targets.indexOf(target);
    if (at < 0) throw new Error(`The link does not lead to ${target}`);
    return `unix:${this.#folder.join(`in${at}`)}`;
  }

  /** From now on each packet has this trouble and no other; none: connections that are open go on. */
  async trouble({ lost = 0, twice = 0, late = 0 }: LinkTrouble): Promise<void> {
    for (const [at, end] of this.#ends.entries()) {
      const other = ENDS[1 - at], rule = iptablesIn(end);
      await rule("-F");
      await rule("-t", "mangle", "-F");
      if (lost > 0) await rule("-A", "INPUT", ...chance(lost), "-j", "DROP");
      if (late > 0) {
        const mark = ["-j", "MARK", "--set-mark", "1"];
        await rule("-t", "mangle", "-A", "OUTPUT", "-o", "quick", ...chance(late), ...mark);
      }
      if (twice > 0) {
        const tee = ["-j", "TEE", "--gateway", other.quick];
        await rule("-t", "mangle", "-A", "POSTROUTING", "-o", "quick", ...chance(twice), ...tee);
      }
    }
  }

  counts(): LinkCounts {
    const sum = { again: 0, early: 0, repeated: 0 };
    for (const { pid } of this.#ends) {
      const snmp = countersOf(`/proc/${pid}/net/snmp`),
        more = countersOf(`/proc/${pid}/net/netstat`);
      sum.again += snmp("Tcp", "RetransSegs");
      sum.early += more("TcpExt", "TCPOFOQueue");
      sum.repeated += more("TcpExt", "TCPDSACKOldSent") + more("TcpExt", "TCPDSACKOfoSent");
    }
    return sum;
  }

  async #start(): Promise<void> {
    const entrances: string[] = [], exits: string[] = [];
    for (const [at, target] of this.#targets.entries()) {
      const out = `unix:${this.#folder.join(`out${at}`)}`, port = PORT_FIRST + at;
      this.#exits.push(await TcpProxy.between(out, target));
      entrances.push(`unix:${this.#folder.join(`in${at}`)}=${ENDS[1].quick}:${port}`);
      exits.push(`0.0.0.0:${port}=${out}`);
    }
    this.#ends = [entrances, exits].map((pairs) =>
      startProgram("unshare", ["--net", "--", Deno.execPath(), "run", ...FLAGS, RELAY, ...pairs])
    );
    await Promise.all(this.#ends.map((end) => end.waitForLine(/^ready$/, 120_000)));
    await this.#join();
  }

  async #join(): Promise<void> {
    const [near, far] = this.#ends;
    for (const way of ["quick", "slow"] as const) {
      const peer = ["type", "veth", "peer", "name", way, "netns", String(far.pid)];
      await inside(near, "ip", "link", "add", way, ...peer);
      for (const [at, end] of this.#ends.entries()) {
        await inside(end, "ip", "addr", "add", `${ENDS[at][way]}/24`, "dev", way);
        // A packet is what is lost, not a bundle of forty of them.
        await inside(end, "ip", "link", "set", way, "gso_max_segs", "1");
        await inside(end, "ip", "link", "set", way, "up");
        const loose = `echo 2 > /proc/sys/net/ipv4/conf/${way}/rp_filter`;
        await inside(end, "sh", "-c", loose); // an answer may take the other way
      }
    }
    const pace = ["rate", SLOW_RATE, "burst", SLOW_BURST_BYTES, "limit", SLOW_QUEUE_BYTES];
    for (const [at, end] of this.#ends.entries()) {
      const { quick, slow } = ENDS[1 - at];
      await inside(end, "tc", "qdisc", "add", "dev", "slow", "root", "tbf", ...pace);
      await inside(end, "ip", "route", "add", quick, "via", slow, "dev", "slow", "table", "100");
      await inside(end, "ip", "rule", "add", "fwmark", "1", "table", "100");
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#ends.map((end) => end.kill9()));
    await Promise.all(this.#exits.map((exit) => exit.close()));
    await this.#folder.remove();
  }
}

const FLAGS = ["-A", "--quiet", "--no-check"];

/** Runs a command in the namespace of a process. */
async function inside({ pid }: Program, command: string, ...args: string[]): Promise<void> {
  await run("nsenter", ["--net", "--target", String(pid), "--", command, ...args]);
}

function iptablesIn(end: Program) {
  return (...args: string[]) => inside(end, "iptables", "--wait", ...args);
}

function chance(of: number): string[] {
  return ["-m", "statistic", "--mode", "random", "--probability", String(of)];
}

/** Reads a file of /proc/net that has a line of names and one of values for each group. */
function countersOf(path: string): (group: string, name: string) => number {
  const rows = new Map<string, string[][]>();
  for (const line of Deno.readTextFileSync(path).split("\n")) {
    const [group, ...cells] = line.split(/\s+/), list = rows.get(group) ?? [];
    rows.set(group, [...list, cells]);
  }
  return (group, name) => {
    const [names, values] = rows.get(`${group}:`) ?? [[], []];
    const at = names.indexOf(name);
    if (at < 0) throw new Error(`${path} has no ${group} ${name}`);
    return Number(values[at]);
  };
}
