/** Sensors, power, clock, interrupts and processes in node_exporter's names. */
import type { HostSample, SensorReading } from "../read/host_sample.ts";
import { type Exposition, label, labels } from "../../core/metrics/exposition.ts";

/** node_hwmon_*, node_thermal_zone_temp. */
export function writeSensors(out: Exposition, sample: HostSample): void {
  const readings = sample.sensors ?? [];
  if (readings.length > 0) {
    const chips = new Map(readings.map((reading) => [reading.chip, reading.chipName]));
    out.family("node_hwmon_chip_names", "gauge", "Names that drivers give to chips; always 1.");
    for (const [chip, name] of chips) {
      if (name !== "") out.sample(labels({ chip, chip_name: name }), 1);
    }
    out.family("node_hwmon_sensor_label", "gauge", "Labels of sensors; always 1.");
    for (const reading of readings) {
      if (reading.label !== "") {
        out.sample(`${sensorLabels(reading)},${label("label", reading.label)}`, 1);
      }
    }
    writeReadings(out, readings);
  }
  const zones = sample.thermalZones ?? [];
  if (zones.length === 0) return;
  out.family("node_thermal_zone_temp", "gauge", "Temperature of a thermal zone, degrees Celsius.");
  for (const { zone, type, celsius } of zones) out.sample(labels({ type, zone }), celsius);
}

/** node_cooling_device_*, node_power_supply_*. */
export function writePower(out: Exposition, sample: HostSample): void {
  const cooling = sample.coolingDevices ?? [];
  for (
    const [name, key, help] of [
      ["cur_state", "current", "How far a cooling device is turned up."],
      ["max_state", "max", "How far a cooling device can be turned up."],
    ] as const
  ) {
    if (cooling.length > 0) out.family(`node_cooling_device_${name}`, "gauge", help);
    for (const device of cooling) {
      out.sample(labels({ name: device.name, type: device.type }), device[key]);
    }
  }
  const supplies = sample.powerSupplies ?? [];
  if (supplies.length === 0) return;
  out.family("node_power_supply_info", "gauge", "What is known of a supply; always 1.");
  for (const { info } of supplies) out.sample(labels(info), 1);
  for (const name of new Set(supplies.flatMap(({ values }) => [...values.keys()]))) {
    out.family(`node_power_supply_${name}`, "gauge", `${name} of a supply.`);
    for (const supply of supplies) {
      const value = supply.values.get(name);
      if (value !== undefined) out.sample(label("power_supply", supply.name), value);
    }
  }
}

/** node_timex_*, node_interrupts_total, node_tcp_connection_states. */
export function writeKernelDetail(out: Exposition, sample: HostSample): void {
  for (const [name, value] of sample.timex ?? []) {
    const type = name.endsWith("_total") ? "counter" : "gauge";
    out.single(`node_timex_${name}`, type, `${name} of the kernel's clock.`, value);
  }
  if (sample.interrupts !== undefined) {
    out.family("node_interrupts_total", "counter", "Interrupts by CPU and type.");
    for (const { type, info, devices, counts } of sample.interrupts) {
      const rest = labels({ devices, info, type });
      counts.forEach((count, cpu) => out.sample(`cpu="${cpu}",${rest}`, count));
    }
  }
  if (sample.tcpStates === undefined) return;
  out.family("node_tcp_connection_states", "gauge", "TCP sockets by state, and waiting bytes.");
  for (const [state, count] of sample.tcpStates) out.sample(label("state", state), count);
}

function sensorLabels(reading: SensorReading): string {
  return labels({ chip: reading.chip, sensor: reading.sensor });
}

function writeReadings(out: Exposition, readings: readonly SensorReading[]): void {
  const families = new Map<string, { labels: string; value: number }[]>();
  for (const reading of readings) {
    for (const [metric, value] of reading.values) {
      const name = `node_hwmon_${metric}`;
      const rows = families.get(name) ?? [];
      rows.push({ labels: sensorLabels(reading), value });
      families.set(name, rows);
    }
  }
  for (const [name, rows] of [...families].sort(([a], [b]) => a < b ? -1 : 1)) {
    out.family(name, name.endsWith("_total") ? "counter" : "gauge", "Reading of a sensor.");
    for (const row of rows) out.sample(row.labels, row.value);
  }
}

/** node_processes_*. */
export function writeProcesses(out: Exposition, sample: HostSample): void {
  const found = sample.processes;
  if (found === undefined) return;
  out.single("node_processes_max_processes", "gauge", "Highest process id.", found.pidMax);
  out.single("node_processes_max_threads", "gauge", "Most threads.", found.threadsMax);
  out.single("node_processes_pids", "gauge", "Processes.", found.total);
  out.family("node_processes_state", "gauge", "Processes by state.");
  for (const [state, count] of found.states) out.sample(label("state", state), count);
  out.single("node_processes_threads", "gauge", "Threads.", found.threads);
  if (found.threadStates.size === 0) return;
  out.family("node_processes_threads_state", "gauge", "Threads by state.");
  for (const [state, count] of found.threadStates) {
    out.sample(label("thread_state", state), count);
  }
}
