/** Block devices and filesystems in node_exporter's names. */
import type { DiskCounters, Filesystem, HostSample } from "../read/host_sample.ts";
import { type Exposition, type FamilyType, label, labels } from "../../core/metrics/exposition.ts";

/** The kernel's unit of disk transfers, whatever the device's own sector size is. */
const SECTOR_BYTES = 512;

type DiskValue = (disk: DiskCounters) => number | undefined;

const DISK: [name: string, type: FamilyType, help: string, value: DiskValue][] = [
  ["discard_time_seconds_total", "counter", "Time of discards.", (d) => ms(d.discards?.ms)],
  ["discarded_sectors_total", "counter", "Sectors discarded.", (d) => d.discards?.sectors],
  ["discards_completed_total", "counter", "Discards done.", (d) => d.discards?.completed],
  ["discards_merged_total", "counter", "Discards merged.", (d) => d.discards?.merged],
  ["flush_requests_time_seconds_total", "counter", "Time of flushes.", (d) => ms(d.flushes?.ms)],
  ["flush_requests_total", "counter", "Flushes done.", (d) => d.flushes?.completed],
  ["io_now", "gauge", "Transfers under way.", (d) => d.ioNow],
  [
    "io_time_seconds_total",
    "counter",
    "Time in which a transfer was under way.",
    (d) => ms(d.ioMs),
  ],
  [
    "io_time_weighted_seconds_total",
    "counter",
    "Time of all transfers, added up.",
    (d) => ms(d.weightedMs),
  ],
  ["read_bytes_total", "counter", "Bytes read.", (d) => d.sectorsRead * SECTOR_BYTES],
  ["read_time_seconds_total", "counter", "Time of reads.", (d) => ms(d.readMs)],
  ["reads_completed_total", "counter", "Reads done.", (d) => d.readsCompleted],
  ["reads_merged_total", "counter", "Reads merged.", (d) => d.readsMerged],
  ["write_time_seconds_total", "counter", "Time of writes.", (d) => ms(d.writeMs)],
  ["writes_completed_total", "counter", "Writes done.", (d) => d.writesCompleted],
  ["writes_merged_total", "counter", "Writes merged.", (d) => d.writesMerged],
  ["written_bytes_total", "counter", "Bytes written.", (d) => d.sectorsWritten * SECTOR_BYTES],
];

function ms(value: number | undefined): number | undefined {
  return value === undefined ? undefined : value / 1000;
}

/** node_disk_*. */
export function writeDisks(out: Exposition, sample: HostSample): void {
  const disks = (sample.disks ?? []).filter((disk) => !disk.hidden);
  if (disks.length === 0) return;
  out.family("node_disk_info", "gauge", "What is known of a block device; always 1.");
  for (const disk of disks) {
    const numbers = { major: String(disk.major), minor: String(disk.minor) };
    out.sample(labels({ device: disk.device, ...numbers, ...disk.identity }), 1);
  }
  const texts = disks.map((disk) => label("device", disk.device));
  for (const [name, type, help, value] of DISK) {
    // Old kernels do not count discards and flushes: no family without a sample.
    if (value(disks[0]) === undefined) continue;
    out.family(`node_disk_${name}`, type, help);
    disks.forEach((disk, i) => {
      const number = value(disk);
      if (number !== undefined) out.sample(texts[i], number);
    });
  }
}

const FILESYSTEM: [name: string, help: string, value: (f: Filesystem) => number | undefined][] = [
  ["avail_bytes", "Free bytes, for users other than root.", (f) => f.counts?.availableBytes],
  [
    "device_error",
    "1 where the filesystem could not be asked.",
    (f) => f.counts === undefined ? 1 : 0,
  ],
  ["files", "Inodes.", (f) => f.counts?.files],
  ["files_free", "Free inodes.", (f) => f.counts?.filesFree],
  ["free_bytes", "Free bytes.", (f) => f.counts?.freeBytes],
  ["readonly", "1 where it is mounted read-only.", (f) => f.readOnly ? 1 : 0],
  ["size_bytes", "Size.", (f) => f.counts?.sizeBytes],
];

/** node_filesystem_*. One that did not answer has its error and its mode alone. */
export function writeFilesystems(out: Exposition, sample: HostSample): void {
  const rows = (sample.filesystems ?? []).map((filesystem) => ({
    filesystem,
    labels: labels({
      device: filesystem.device,
      fstype: filesystem.fsType,
      mountpoint: filesystem.mountPoint,
    }),
  }));
  if (rows.length === 0) return;
  for (const [name, help, value] of FILESYSTEM) {
    out.family(`node_filesystem_${name}`, "gauge", help);
    for (const row of rows) {
      const number = value(row.filesystem);
      if (number !== undefined) out.sample(row.labels, number);
    }
  }
}
