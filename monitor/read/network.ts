/**
 * Network devices out of /proc/net/dev and sysfs, protocol counters, sockets, neighbours, and the
 * queues of the receive path.
 */
import type { HostFiles } from "./host_files.ts";
import type { NetCounters, NetInterface, SoftnetCounts } from "./host_sample.ts";

/** Reads /proc/net/dev without the devices whose name fits `ignore`. */
export function parseNetDev(text: string, ignore: RegExp | undefined): NetCounters[] {
  const found: NetCounters[] = [];
  for (const line of text.split("\n")) {
    const colon = line.lastIndexOf(":");
    if (colon === -1) continue;
    const device = line.slice(0, colon).trim();
    const n = line.slice(colon + 1).trim().split(/\s+/).map(Number);
    if (n.length < 16 || ignore?.test(device)) continue;
    found.push({
      device,
      receive: {
        bytes: n[0],
        packets: n[1],
        errs: n[2],
        drop: n[3],
        fifo: n[4],
        frame: n[5],
        compressed: n[6],
        multicast: n[7],
      },
      transmit: {
        bytes: n[8],
        packets: n[9],
        errs: n[10],
        drop: n[11],
        fifo: n[12],
        colls: n[13],
        carrier: n[14],
        compressed: n[15],
      },
    });
  }
  return found;
}

/**
 * Numeric attributes of /sys/class/net/DEVICE that may change at any time; "flags" is read before
 * them.
 */
const MOVING_ATTRIBUTES = [
  "addr_assign_type",
  "carrier",
  "carrier_changes",
  "carrier_down_count",
  "carrier_up_count",
  "dormant",
  "link_mode",
  "mtu",
  "netdev_group",
  "speed",
  "tx_queue_len",
] as const;

const IFF_UP = 1, IFF_LOOPBACK = 8;

/** What the kernel refuses to say; a refusal costs four times what an answer does. */
const REFUSED_WHEN_DOWN: ReadonlySet<string> = new Set(["carrier", "dormant", "duplex", "speed"]);
const REFUSED_BY_LOOPBACK: ReadonlySet<string> = new Set(["duplex", "speed"]);
const NONE: ReadonlySet<string> = new Set();

/** Attributes that a device keeps as long as it has its name and index: read once. */
const FIXED_ATTRIBUTES: ReadonlySet<string> = new Set([
  "dev_id",
  "ifindex",
  "iflink",
  "name_assign_type",
  "type",
]);

/** A device as it was first seen: its index, and the attributes that stay. */
export interface KnownDevice {
  index: string;
  fixed: Map<string, number>;
}

/**
 * Reads sysfs for every device that does not fit `ignore`. A driver may refuse single attributes:
 * those are left out. `known` remembers which device had a name: a renamed one takes its open files
 * along, so they are closed when the index changes.
 */
export function readInterfaces(
  files: HostFiles,
  ignore: RegExp | undefined,
  known: Map<string, KnownDevice>,
): NetInterface[] {
  const found: NetInterface[] = [];
  for (const device of files.listSys("class/net")) {
    if (ignore?.test(device)) continue;
    const folder = `class/net/${device}`;
    // A plain file beside the devices, such as bonding_masters, has no index.
    const index = files.trySys(`${folder}/ifindex`);
    if (index === undefined) continue;
    let before = known.get(device);
    if (before?.index !== index) {
      files.forgetSys(folder);
      if (known.size > DEVICES_REMEMBERED_MAX) known.clear();
      before = { index, fixed: fixedNumbers(files, folder) };
      known.set(device, before);
    }
    found.push(readInterface(files, folder, device, before.fixed));
  }
  return found;
}

const DEVICES_REMEMBERED_MAX = 10_000;

function fixedNumbers(files: HostFiles, folder: string): Map<string, number> {
  const numbers = new Map<string, number>();
  for (const name of FIXED_ATTRIBUTES) addNumber(numbers, name, files.trySys(`${folder}/${name}`));
  return numbers;
}

/** Number() reads "0x1003" as well. */
function addNumber(into: Map<string, number>, name: string, text: string | undefined): void {
  if (text === undefined || text === "") return;
  const value = Number(text);
  if (!Number.isNaN(value)) into.set(name, value);
}

function readInterface(
  files: HostFiles,
  folder: string,
  device: string,
  fixed: ReadonlyMap<string, number>,
): NetInterface {
  const text = (attribute: string) => files.keptSys(`${folder}/${attribute}`) ?? "";
  const operstate = text("operstate");
  const numbers = new Map(fixed);
  const flags = Number(text("flags"));
  numbers.set("flags", flags);
  const silent = (flags & IFF_UP) === 0
    ? REFUSED_WHEN_DOWN
    : (flags & IFF_LOOPBACK) !== 0
    ? REFUSED_BY_LOOPBACK
    : NONE;
  for (const attribute of MOVING_ATTRIBUTES) {
    if (!silent.has(attribute)) addNumber(numbers, attribute, text(attribute));
  }
  return {
    device,
    up: operstate === "up",
    text: {
      address: text("address"),
      broadcast: text("broadcast"),
      duplex: silent.has("duplex") ? "" : text("duplex"),
      ifalias: text("ifalias"),
      operstate,
    },
    numbers,
  };
}

/** The fields that node_exporter shows by default. */
export const PROTOCOL_FIELDS =
  /^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)|TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts|TCPOFOQueue|TCPRcvQDrop)|Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)|Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$/;

/** Wanted columns of a line of names; the kernel writes the same line every time. */
const columnsSeen = new Map<string, { count: number; columns: [index: number, key: string][] }>();

function columnsOf(line: string, fields: RegExp) {
  let known = columnsSeen.get(line);
  if (known === undefined) {
    const names = line.split(" ");
    const keys = names.map((name, i) =>
      [i, `${names[0].slice(0, -1)}_${name}`] as [number, string]
    );
    known = { count: names.length, columns: keys.slice(1).filter(([, key]) => fields.test(key)) };
    if (columnsSeen.size < 100) columnsSeen.set(line, known);
  }
  return known;
}

/**
 * /proc/net/snmp and /proc/net/netstat: a line of names, then a line of numbers. "Tcp_ActiveOpens"
 * → number.
 */
export function parseProtocols(text: string, into: Map<string, number>): void {
  const lines = text.split("\n");
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const { count, columns } = columnsOf(lines[i], PROTOCOL_FIELDS);
    const values = lines[i + 1].split(" ");
    if (values.length !== count) {
      throw new Error(`Cannot read protocol counters: ${values[0]} has unequal lines`);
    }
    for (const [index, key] of columns) into.set(key, Number(values[index]));
  }
}

/** /proc/net/snmp6: one counter a line, "Udp6InDatagrams 5" → "Udp6_InDatagrams". */
export function parseProtocols6(text: string, into: Map<string, number>): void {
  for (const line of text.split("\n")) {
    const six = line.indexOf("6"), end = line.search(/\s/);
    if (six === -1 || end <= six + 1) continue;
    const key = `${line.slice(0, six + 1)}_${line.slice(six + 1, end)}`;
    if (PROTOCOL_FIELDS.test(key)) into.set(key, Number(line.slice(end)));
  }
}

/**
 * /proc/net/sockstat and sockstat6: "TCP: inuse 1 mem 33" → "TCP_inuse", "TCP_mem". Pages of `mem`
 * are given in bytes as well.
 */
export function parseSockstat(text: string, pageBytes: number, into: Map<string, number>): void {
  for (const line of text.split("\n")) {
    const words = line.trim().split(" ");
    if (words.length < 3) continue;
    const protocol = words[0].slice(0, -1);
    for (let i = 1; i + 1 < words.length; i += 2) {
      const value = Number(words[i + 1]);
      into.set(`${protocol}_${words[i]}`, value);
      if (words[i] === "mem") into.set(`${protocol}_mem_bytes`, value * pageBytes);
    }
  }
}

/** /proc/net/udp and udp6: bytes waiting to be sent and read, of all sockets together. */
export function parseUdpQueues(text: string): { rx: number; tx: number } {
  let rx = 0, tx = 0;
  for (const match of text.matchAll(/ ([0-9A-F]{8}):([0-9A-F]{8}) /g)) {
    tx += parseInt(match[1], 16);
    rx += parseInt(match[2], 16);
  }
  return { rx, tx };
}

/** /proc/net/arp: entries by device. */
export function parseArp(text: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const line of text.split("\n").slice(1)) {
    const device = line.trim().split(/\s+/)[5];
    if (device !== undefined) found.set(device, (found.get(device) ?? 0) + 1);
  }
  return found;
}

/** /proc/net/softnet_stat: one line a CPU, hexadecimal. */
export function parseSoftnet(text: string): SoftnetCounts[] {
  return text.split("\n").filter((line) => line !== "").map((line, row) => {
    const words = line.split(" ").map((word) => parseInt(word, 16));
    // Since 5.10 the 13th column is the CPU; before, CPUs that are off left no line and the row was
    // taken for it.
    const cpu = words.length >= 13 ? words[12] : row;
    return {
      cpu: String(cpu),
      processed: words[0],
      dropped: words[1],
      timesSqueezed: words[2],
      collisions: words[8],
      receivedRps: words[9],
      flowLimit: words[10],
      backlog: words[11],
    };
  });
}

const CONNTRACK_COLUMNS = [
  "found",
  "invalid",
  "ignore",
  "insert",
  "insert_failed",
  "drop",
  "early_drop",
  "search_restart",
];

/**
 * /proc/net/stat/nf_conntrack: a line of names, then one line a CPU, hexadecimal; summed.
 * "stat_drop" → count.
 */
export function parseConntrackStat(text: string, into: Map<string, number>): void {
  const [head, ...rows] = text.trim().split("\n").map((line) => line.trim().split(/\s+/));
  for (const name of CONNTRACK_COLUMNS) {
    const column = head.indexOf(name);
    if (column === -1) continue;
    into.set(`stat_${name}`, rows.reduce((sum, row) => sum + parseInt(row[column], 16), 0));
  }
}
