/** Network devices, protocols, sockets and the receive path in node_exporter's names. */
import type { HostSample, SoftnetCounts } from "../read/host_sample.ts";
import { type Exposition, type FamilyType, label, labels } from "../../core/metrics/exposition.ts";

const RECEIVE = [
  "bytes",
  "compressed",
  "drop",
  "errs",
  "fifo",
  "frame",
  "multicast",
  "nohandler",
  "packets",
] as const;
const TRANSMIT = [
  "bytes",
  "carrier",
  "colls",
  "compressed",
  "drop",
  "errs",
  "fifo",
  "packets",
] as const;

/** node_network_receive_* and node_network_transmit_*. */
export function writeNetwork(out: Exposition, sample: HostSample): void {
  const devices = sample.network ?? [];
  if (devices.length === 0) return;
  const texts = devices.map((entry) => label("device", entry.device));
  for (const key of RECEIVE) {
    if (devices.every((entry) => entry.receive[key] === undefined)) continue;
    out.family(`node_network_receive_${key}_total`, "counter", `Received: ${key}.`);
    devices.forEach((entry, i) => {
      const value = entry.receive[key];
      if (value !== undefined) out.sample(texts[i], value);
    });
  }
  for (const key of TRANSMIT) {
    out.family(`node_network_transmit_${key}_total`, "counter", `Sent: ${key}.`);
    devices.forEach((entry, i) => out.sample(texts[i], entry.transmit[key]));
  }
}

/** [metric, sysfs attribute, type, factor] */
const CLASS: [name: string, attribute: string, type: FamilyType, factor: number][] = [
  ["address_assign_type", "addr_assign_type", "gauge", 1],
  ["carrier", "carrier", "gauge", 1],
  ["carrier_changes_total", "carrier_changes", "counter", 1],
  ["carrier_down_changes_total", "carrier_down_count", "counter", 1],
  ["carrier_up_changes_total", "carrier_up_count", "counter", 1],
  ["device_id", "dev_id", "gauge", 1],
  ["dormant", "dormant", "gauge", 1],
  ["flags", "flags", "gauge", 1],
  ["iface_id", "ifindex", "gauge", 1],
  ["iface_link", "iflink", "gauge", 1],
  ["iface_link_mode", "link_mode", "gauge", 1],
  ["mtu_bytes", "mtu", "gauge", 1],
  ["name_assign_type", "name_assign_type", "gauge", 1],
  ["net_dev_group", "netdev_group", "gauge", 1],
  ["protocol_type", "type", "gauge", 1],
  // sysfs has megabits a second, and -1 where the driver does not know.
  ["speed_bytes", "speed", "gauge", 1e6 / 8],
  ["transmit_queue_length", "tx_queue_len", "gauge", 1],
];

/** node_network_info, _up and the other attributes of sysfs. */
export function writeInterfaces(out: Exposition, sample: HostSample): void {
  const interfaces = sample.interfaces ?? [];
  if (interfaces.length === 0) return;
  out.family("node_network_info", "gauge", "What is known of a network device; always 1.");
  for (const entry of interfaces) out.sample(labels({ device: entry.device, ...entry.text }), 1);
  out.family("node_network_up", "gauge", "1 where the device is up.");
  for (const entry of interfaces) out.sample(label("device", entry.device), entry.up ? 1 : 0);
  for (const [name, attribute, type, factor] of CLASS) {
    const rows = interfaces.filter((entry) => entry.numbers.has(attribute));
    if (rows.length === 0) continue;
    out.family(`node_network_${name}`, type, `${attribute} of the device in sysfs.`);
    for (const entry of rows) {
      out.sample(label("device", entry.device), entry.numbers.get(attribute)! * factor);
    }
  }
}

/** node_netstat_*, node_sockstat_*, node_udp_queues. */
export function writeProtocols(out: Exposition, sample: HostSample): void {
  for (const [key, value] of sample.protocols ?? []) {
    out.single(`node_netstat_${key}`, "untyped", `${key} of the network's counters.`, value);
  }
  for (const [key, value] of sample.sockets ?? []) {
    out.single(`node_sockstat_${key}`, "gauge", `${key} of sockstat.`, value);
  }
  if (sample.udpQueues === undefined) return;
  out.family("node_udp_queues", "gauge", "Bytes that wait in the queues of UDP sockets.");
  for (const { ip, rx, tx } of sample.udpQueues) {
    out.sample(labels({ ip, queue: "rx" }), rx);
    out.sample(labels({ ip, queue: "tx" }), tx);
  }
}

const SOFTNET: [name: string, type: FamilyType, key: keyof SoftnetCounts, help: string][] = [
  ["cpu_collision_total", "counter", "collisions", "Collisions on a transmit queue."],
  ["dropped_total", "counter", "dropped", "Packets dropped because the backlog was full."],
  ["flow_limit_count_total", "counter", "flowLimit", "Times that the flow limit was reached."],
  ["processed_total", "counter", "processed", "Packets processed."],
  [
    "received_rps_total",
    "counter",
    "receivedRps",
    "Times that another CPU was woken for a packet.",
  ],
  ["softnet_backlog_len", "gauge", "backlog", "Packets in the backlog."],
  [
    "times_squeezed_total",
    "counter",
    "timesSqueezed",
    "Times that processing ran out of its share.",
  ],
];

/** node_nf_conntrack_*, node_arp_entries, node_softnet_*. */
export function writeReceivePath(out: Exposition, sample: HostSample): void {
  for (const [key, value] of sample.conntrack ?? []) {
    out.single(`node_nf_conntrack_${key}`, "gauge", `Tracked connections: ${key}.`, value);
  }
  if (sample.arp !== undefined && sample.arp.size > 0) {
    out.family("node_arp_entries", "gauge", "Neighbours in the ARP table.");
    for (const [device, count] of sample.arp) out.sample(label("device", device), count);
  }
  for (const [name, type, key, help] of SOFTNET) {
    const rows = (sample.softnet ?? []).filter((row) => row[key] !== undefined);
    if (rows.length === 0) continue;
    out.family(`node_softnet_${name}`, type, help);
    for (const row of rows) out.sample(label("cpu", row.cpu), row[key] as number);
  }
}
