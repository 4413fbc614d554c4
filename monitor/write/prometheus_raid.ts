/** Software RAID, bonds, and the metrics that other programs left in files, in node_exporter's names. */
import type { RaidArray } from "../read/raid.ts";
import type { HostSample } from "../read/host_sample.ts";
import { type Exposition, type FamilyType, label, labels } from "../../core/metrics/exposition.ts";

const RAID_STATES = ["active", "check", "inactive", "recovering", "resync"];

/** node_md_*. */
export function writeRaid(out: Exposition, { raid = [] }: HostSample): void {
  if (raid.length === 0) return;
  const each = (name: string, help: string, value: (array: RaidArray) => number) => {
    out.family(`node_md_${name}`, "gauge", help);
    for (const array of raid) out.sample(label("device", array.device), value(array));
  };
  each("blocks", "Blocks of 1 KiB.", (array) => array.blocks);
  each("blocks_synced", "Blocks that are in sync.", (array) => array.blocksSynced);
  out.family("node_md_disks", "gauge", "Members by state.");
  for (const { device, active, failed, spare } of raid) {
    for (const [state, count] of Object.entries({ active, failed, spare })) {
      out.sample(labels({ device, state }), count);
    }
  }
  each("disks_required", "Members that the array is made of.", (array) => array.required);
  out.family("node_md_state", "gauge", "1 for the state that the array is in.");
  for (const { device, state: now } of raid) {
    for (const state of RAID_STATES) out.sample(labels({ device, state }), state === now ? 1 : 0);
  }
}

/** node_bonding_*. */
export function writeBonds(out: Exposition, { bonds = [] }: HostSample): void {
  if (bonds.length === 0) return;
  out.family("node_bonding_active", "gauge", "Slaves of a bond whose link is up.");
  for (const { master, active } of bonds) out.sample(label("master", master), active);
  out.family("node_bonding_slaves", "gauge", "Slaves of a bond.");
  for (const { master, slaves } of bonds) out.sample(label("master", master), slaves);
}

/** Names that are this program's own: they come behind the host's. */
const OWN = /^(weir_|process_)/;

/** What stands in the files, and node_textfile_*. Families that the page has already are left out. */
export function writeTextFiles(out: Exposition, { textFiles }: HostSample): void {
  if (textFiles === undefined) return;
  let failed = textFiles.faults.length > 0;
  if (textFiles.changedAt.size > 0) {
    out.family("node_textfile_mtime_seconds", "gauge", "When a file was changed, unix seconds.");
    for (const [file, seconds] of textFiles.changedAt) out.sample(label("file", file), seconds);
  }
  for (const { name, type, help, samples } of textFiles.families) {
    if (out.has(name) || OWN.test(name) || name === "node_textfile_scrape_error") {
      failed = true;
      continue;
    }
    out.family(name, type as FamilyType, help);
    for (const sample of samples) out.sample(sample.labels, sample.value, sample.name);
  }
  const help = "1 where a file was not taken, else 0.";
  out.single("node_textfile_scrape_error", "gauge", help, failed ? 1 : 0);
}
