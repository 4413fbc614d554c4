/**
 * A host sample in node_exporter's names, labels and units, so that the dashboards and rules that
 * the world has work unchanged. Nothing of our own is in this name space, and
 * `node_exporter_build_info` is left out: we are not it.
 */
import type { HostSample } from "../read/host_sample.ts";
import { Exposition, label, labels } from "../../core/metrics/exposition.ts";
import { writeContainers } from "./prometheus_containers.ts";
import { writeBonds, writeRaid, writeTextFiles } from "./prometheus_raid.ts";
import { writeCpu, writeKernel, writeMemory } from "./prometheus_cpu.ts";
import { writeDisks, writeFilesystems } from "./prometheus_disk.ts";
import {
  writeInterfaces,
  writeNetwork,
  writeProtocols,
  writeReceivePath,
} from "./prometheus_network.ts";
import { writeKernelDetail, writePower, writeProcesses, writeSensors } from "./prometheus_other.ts";

/** Writes every group that the sample has. */
export function writeHost(out: Exposition, sample: HostSample): void {
  writeIdentity(out, sample);
  writeCpu(out, sample);
  writeKernel(out, sample);
  writeMemory(out, sample);
  writeDisks(out, sample);
  writeFilesystems(out, sample);
  writeNetwork(out, sample);
  writeInterfaces(out, sample);
  writeProtocols(out, sample);
  writeReceivePath(out, sample);
  writeSensors(out, sample);
  writePower(out, sample);
  writeKernelDetail(out, sample);
  writeProcesses(out, sample);
  writeRaid(out, sample);
  writeBonds(out, sample);
  writeContainers(out, sample);
  writeCollectors(out, sample);
  // Last: what others wrote never takes the place of a family of ours.
  writeTextFiles(out, sample);
}

const OS_LABELS = [
  "build_id",
  "id",
  "id_like",
  "image_id",
  "image_version",
  "name",
  "pretty_name",
  "variant",
  "variant_id",
  "version",
  "version_codename",
  "version_id",
];

function writeIdentity(out: Exposition, sample: HostSample): void {
  if (sample.name !== undefined) {
    out.family("node_uname_info", "gauge", "Names that the kernel gives itself; always 1.");
    out.sample(labels({ ...sample.name }), 1);
  }
  const os = sample.os;
  if (os !== undefined) {
    const pick = (names: string[]) => names.map((key) => label(key, os.get(key) ?? "")).join(",");
    out.family("node_os_info", "gauge", "The distribution's os-release; always 1.");
    out.sample(pick(OS_LABELS), 1);
    const version = /^\d+(\.\d+)?/.exec(os.get("version_id") ?? "")?.[0];
    if (version !== undefined) {
      out.family("node_os_version", "gauge", "Major and minor version of the distribution.");
      out.sample(pick(["id", "id_like", "name"]), Number(version));
    }
  }
  const clock = sample.clock;
  if (clock === undefined) return;
  out.single("node_time_seconds", "gauge", "System time, unix seconds.", sample.timeMs / 1000);
  out.family("node_time_zone_offset_seconds", "gauge", "Local time's distance from UTC.");
  out.sample(label("time_zone", clock.zone), clock.zoneOffsetSeconds);
  if (clock.source === "") return;
  out.family("node_time_clocksource_available_info", "gauge", "Clock sources of the kernel.");
  for (const clocksource of clock.available) out.sample(labels({ clocksource, device: "0" }), 1);
  out.family("node_time_clocksource_current_info", "gauge", "Clock source in use.");
  out.sample(labels({ clocksource: clock.source, device: "0" }), 1);
}

function writeCollectors(out: Exposition, sample: HostSample): void {
  const rows = sample.collectors.map((result) => ({
    result,
    labels: label("collector", result.name),
  }));
  out.family("node_scrape_collector_duration_seconds", "gauge", "Time that a collector took.");
  for (const row of rows) out.sample(row.labels, row.result.seconds);
  out.family("node_scrape_collector_success", "gauge", "1 where a collector succeeded, else 0.");
  for (const row of rows) out.sample(row.labels, row.result.ok ? 1 : 0);
}
