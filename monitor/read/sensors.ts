/**
 * Temperatures, fans, voltages and power out of /sys/class/hwmon, and thermal zones. sysfs gives
 * thousandths (millionths for power and energy); readings are base units. Some drivers ask a chip
 * over a slow bus, so a broken one can take a second.
 */
import type { HostFiles } from "./host_files.ts";
import type { CoolingDevice, HostSample, SensorReading } from "./host_sample.ts";

/** "temp1_crit_alarm": type, number, property. */
const ATTRIBUTE = /^([^0-9]+?)(\d*)(?:_(.+))?$/;
const WHOLE = /^(beep_enable|update_interval)$/;
const TYPES = new Set([
  "beep_enable",
  "cpu",
  "curr",
  "energy",
  "fan",
  "freq",
  "humidity",
  "in",
  "intrusion",
  "power",
  "pwm",
  "temp",
  "update_interval",
  "vrm",
]);

/** Unit and factor of a type's readings. */
const UNITS: Record<string, [suffix: string, factor: number]> = {
  cpu: ["_volts", 1e-3],
  curr: ["_amps", 1e-3],
  energy: ["_joule_total", 1e-6],
  humidity: ["", 1e-6],
  in: ["_volts", 1e-3],
  power: ["_watt", 1e-6],
  temp: ["_celsius", 1e-3],
};

/** Every reading of every chip. */
export function readSensors(files: HostFiles): SensorReading[] {
  const found: SensorReading[] = [];
  for (const folder of files.listSys("class/hwmon")) {
    const base = `class/hwmon/${folder}`;
    const chipName = clean(files.trySys(`${base}/name`) ?? "");
    const chip = chipOf(files, folder, chipName);
    const sensors = new Map<string, Map<string, string>>();
    // Old drivers keep their files with the device.
    for (const place of [base, `${base}/device`]) {
      for (const name of files.listSys(place)) {
        const [type, number, property] = partsOf(name);
        if (!TYPES.has(type)) continue;
        const text = files.trySys(`${place}/${name}`);
        if (text === undefined) continue;
        const sensor = `${type}${number}`;
        if (!sensors.has(sensor)) sensors.set(sensor, new Map());
        sensors.get(sensor)!.set(property, text);
      }
    }
    for (const [sensor, texts] of sensors) {
      const values = new Map<string, number>();
      for (const [property, text] of texts) {
        if (property === "label" || text === "" || Number.isNaN(Number(text))) continue;
        const [metric, factor] = sensorMetric(partsOf(sensor)[0], property, texts.has(""));
        values.set(metric, Number(text) * factor);
      }
      found.push({ chip, chipName, sensor, label: texts.get("label") ?? "", values });
    }
  }
  return found;
}

function partsOf(name: string): [type: string, number: number, property: string] {
  if (WHOLE.test(name)) return [name, 0, ""];
  const [, type = "", number = "", property = ""] = ATTRIBUTE.exec(name) ?? [];
  return [type, Number(number), property];
}

/**
 * What follows node_hwmon_ in the metric of a property, and what one count of it is in that unit.
 * `plain`: the sensor has a file without property too, so that its input needs a name of its own.
 */
export function sensorMetric(
  type: string,
  property: string,
  plain = false,
): [metric: string, factor: number] {
  if (type === "beep_enable") return ["beep_enabled", 1];
  if (type === "vrm") return ["voltage_regulator_version", 1];
  if (type === "update_interval") return ["update_interval_seconds", 1e-3];
  const own = property === "" || (property === "input" && !plain);
  const name = own ? type : `${type}_${clean(property)}`;
  if (property === "fault" || property === "alarm") return [name, 1];
  if (property === "beep") return [`${name}_enabled`, 1];
  if (type === "temp" && property === "type") return [name, 1];
  if (type === "power" && property === "accuracy") return [name, 1e-6];
  if (type === "power" && property.startsWith("average_interval")) return [`${name}_seconds`, 1e-3];
  if (type === "fan" && /^(input|min|max|target)$/.test(property)) return [`${name}_rpm`, 1];
  if (type === "freq" && property === "input") return ["freq_freq_mhz", 1e-6];
  const [suffix, factor] = UNITS[type] ?? ["", 1];
  return [`${name}${suffix}`, factor];
}

function clean(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9:_]/g, "_").replace(/^_+|_+$/g, "");
}

/** node_exporter names a chip by the last two parts of its device's path. */
function chipOf(files: HostFiles, folder: string, name: string): string {
  const home = files.sysLink(`class/hwmon/${folder}`);
  const device = files.sysLink(`class/hwmon/${folder}/device`);
  if (device === undefined) return name === "" ? clean(folder) : name;
  const at = new URL(home === undefined ? `${folder}/` : `${home}/`, "file:///sys/class/hwmon/");
  const parts = new URL(device, at).pathname.split("/").slice(-2);
  return parts.map(clean).filter((part) => part !== "").join("_");
}

/** /sys/class/thermal: zones in °C. */
export function readThermalZones(files: HostFiles): HostSample["thermalZones"] {
  const found = [];
  for (const folder of files.listSys("class/thermal")) {
    const zone = /^thermal_zone(\d+)$/.exec(folder)?.[1];
    const millis = Number(files.trySys(`class/thermal/${folder}/temp`) ?? NaN);
    if (zone === undefined || Number.isNaN(millis)) continue;
    const type = files.trySys(`class/thermal/${folder}/type`) ?? "";
    found.push({ zone, type, celsius: millis / 1000 });
  }
  return found;
}

/** /sys/class/thermal: what cools, and how far it is turned up. */
export function readCoolingDevices(files: HostFiles): CoolingDevice[] {
  const found: CoolingDevice[] = [];
  for (const folder of files.listSys("class/thermal")) {
    const name = /^cooling_device(\d+)$/.exec(folder)?.[1];
    if (name === undefined) continue;
    const number = (attribute: string) =>
      Number(files.trySys(`class/thermal/${folder}/${attribute}`) ?? NaN);
    const current = number("cur_state"), max = number("max_state");
    if (Number.isNaN(current) || Number.isNaN(max)) continue;
    const type = files.trySys(`class/thermal/${folder}/type`) ?? "";
    found.push({ name, type, current, max });
  }
  return found;
}
