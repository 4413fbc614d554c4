/**
 * Temperatures, fans, voltages and power out of /sys/class/hwmon, and thermal zones. sysfs gives
 * thousandths (millionths for power and energy); readings are base units. Some drivers ask a chip
 * over a slow bus, so a broken one can take a second.
 */
import type { HostFiles } from "./host_files.ts";
import type { HostSample, SensorReading } from "./host_sample.ts";

const SENSOR =
  /^(temp|fan|in|curr|power|energy|humidity|pwm|freq|vrm|beep_enable|intrusion)(\d*)_?(\w*)$/;

/** What one count of a sensor type is in base units. */
const SCALE: Record<string, number> = {
  temp: 1e-3,
  in: 1e-3,
  curr: 1e-3,
  humidity: 1e-3,
  power: 1e-6,
  energy: 1e-6,
};

/** Every reading of every chip. */
export function readSensors(files: HostFiles): SensorReading[] {
  const found: SensorReading[] = [];
  for (const folder of files.listSys("class/hwmon")) {
    const base = `class/hwmon/${folder}`;
    const chipName = files.trySys(`${base}/name`) ?? "";
    const chip = chipOf(files, base, folder, chipName);
    const sensors = new Map<string, SensorReading>();
    for (const name of files.listSys(base)) {
      const match = SENSOR.exec(name);
      if (match === null) continue;
      const [, type, index, property] = match;
      const sensor = `${type}${index}`;
      const text = files.trySys(`${base}/${name}`);
      if (text === undefined) continue;
      let reading = sensors.get(sensor);
      if (reading === undefined) {
        reading = { chip, chipName, sensor, label: "", values: new Map() };
        sensors.set(sensor, reading);
      }
      if (property === "label") {
        reading.label = text;
      } else if (text !== "" && !Number.isNaN(Number(text))) {
        const alarm = /alarm|fault|beep|enable|type/.test(property);
        reading.values.set(property, Number(text) * (alarm ? 1 : SCALE[type] ?? 1));
      }
    }
    found.push(...sensors.values());
  }
  return found;
}

/**
 * node_exporter names a chip by its device: the last two parts of the link, without odd characters.
 */
function chipOf(files: HostFiles, base: string, folder: string, name: string): string {
  const clean = (text: string) =>
    text.toLowerCase().replace(/[^a-z0-9:_]/g, "_").replace(/^_+|_+$/g, "");
  const device = files.sysLink(`${base}/device`)?.split("/").at(-1);
  if (device === undefined) return clean(name === "" ? folder : name);
  const bus = files.sysLink(`${base}/device/subsystem`)?.split("/").at(-1) ?? "";
  return bus === "" ? clean(device) : `${clean(bus)}_${clean(device)}`;
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
