/** Interrupts by number and CPU. Hosts with many CPUs have thousands, so it is off by default. */

export interface InterruptCounts {
  /** "29", "NMI". */
  type: string;
  info: string;
  devices: string;
  /** One a CPU, in the order of the file's columns. */
  counts: number[];
}

/** Reads /proc/interrupts. Rows without a count for each CPU (ERR, MIS) are left out. */
export function parseInterrupts(text: string): InterruptCounts[] {
  const [head = "", ...rows] = text.split("\n");
  const cpus = head.trim().split(/\s+/).length;
  const found: InterruptCounts[] = [];
  for (const row of rows) {
    const colon = row.indexOf(":");
    if (colon === -1) continue;
    const words = row.slice(colon + 1).trim().split(/\s+/);
    if (words.length < cpus + 1) continue;
    const type = row.slice(0, colon).trim();
    const numbered = /^\d+$/.test(type);
    found.push({
      type,
      info: numbered ? words[cpus] : words.slice(cpus).join(" "),
      devices: numbered ? words.slice(cpus + 1).join(" ") : "",
      counts: words.slice(0, cpus).map(Number),
    });
  }
  return found;
}

const TCP_STATES = [
  "",
  "established",
  "syn_sent",
  "syn_recv",
  "fin_wait1",
  "fin_wait2",
  "time_wait",
  "close",
  "close_wait",
  "last_ack",
  "listen",
  "closing",
  "new_syn_recv",
];

/** Every state without a socket: that none is in it is a figure too. */
export function noTcpStates(): Map<string, number> {
  const names = [...TCP_STATES.slice(1, 12), "rx_queued_bytes", "tx_queued_bytes"];
  return new Map(names.map((name) => [name, 0]));
}

/**
 * Adds the TCP sockets of /proc/net/tcp or tcp6 by state, and the bytes that wait in them as
 * "rx_queued_bytes" and "tx_queued_bytes".
 */
export function countTcpStates(text: string, found: Map<string, number>): void {
  const add = (name: string, count: number) => found.set(name, (found.get(name) ?? 0) + count);
  for (const row of text.split("\n").slice(1)) {
    const words = row.trim().split(/\s+/);
    if (words.length < 5) continue;
    add(TCP_STATES[parseInt(words[3], 16)] ?? "unknown", 1);
    const [tx, rx] = words[4].split(":");
    add("rx_queued_bytes", parseInt(rx, 16));
    add("tx_queued_bytes", parseInt(tx, 16));
  }
}
