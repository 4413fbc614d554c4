/** Sensors, thermal zones and processes in node_exporter's names. */
import type { HostSample, SensorReading } from "../read/host_sample.ts";
import { type Exposition, label, labels } from "./exposition.ts";

/** Metric of a sensor's property: [name, whether it is the sensor's own reading]. */
export function sensorMetric(sensor: string, property: string): string | undefined {
  const type = sensor.replace(/\d+$/, "");
  const unit: Record<string, string> = {
    temp: "temp_celsius",
    fan: "fan_rpm",
    in: "in_volts",
    curr: "curr_amps",
    power: "power_watt",
    energy: "energy_joule_total",
    humidity: "humidity",
  };
  const base = unit[type];
  if (base === undefined) return undefined;
  if (property === "input") return `node_hwmon_${base}`;
  if (type === "power" && property === "average") return "node_hwmon_power_average_watt";
  if (/alarm|fault|beep|enable|type/.test(property)) return `node_hwmon_${type}_${property}`;
  const suffix = base.slice(type.length);
  return suffix.endsWith("_total") ? undefined : `node_hwmon_${type}_${property}${suffix}`;
}

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

function sensorLabels(reading: SensorReading): string {
  return labels({ chip: reading.chip, sensor: reading.sensor });
}

function writeReadings(out: Exposition, readings: readonly SensorReading[]): void {
  const families = new Map<string, { labels: string; value: number }[]>();
  for (const reading of readings) {
    for (const [property, value] of reading.values) {
      const name = sensorMetric(reading.sensor, property);
      if (name === undefined) continue;
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
}
