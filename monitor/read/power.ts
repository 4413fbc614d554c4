/** Batteries and mains adapters out of /sys/class/power_supply. */
import type { HostFiles } from "./host_files.ts";

export interface PowerSupply {
  name: string;
  /** What follows node_power_supply_ → value in its unit. */
  values: Map<string, number>;
  /** Texts that the driver gives: health, status, technology, … */
  info: Record<string, string>;
}

/** sysfs attributes, and the metric where it has another name. */
const PLAIN: Record<string, string> = {
  authentic: "",
  calibrate: "",
  capacity: "",
  capacity_alert_max: "",
  capacity_alert_min: "",
  cycle_count: "cyclecount",
  online: "",
  present: "",
  time_to_empty_now: "time_to_empty_seconds",
  time_to_full_now: "time_to_full_seconds",
};

/** In millionths. */
const MICRO: Record<string, string> = {
  charge_control_limit: "",
  charge_control_limit_max: "",
  charge_counter: "",
  charge_empty: "",
  charge_empty_design: "",
  charge_full: "",
  charge_full_design: "",
  charge_now: "charge_ampere",
  charge_term_current: "",
  constant_charge_current: "",
  constant_charge_current_max: "",
  constant_charge_voltage: "",
  constant_charge_voltage_max: "",
  current_boot: "",
  current_max: "",
  current_now: "current_ampere",
  energy_empty: "",
  energy_empty_design: "",
  energy_full: "",
  energy_full_design: "",
  energy_now: "energy_watthour",
  input_current_limit: "",
  power_now: "power_watt",
  precharge_current: "",
  voltage_boot: "",
  voltage_max: "",
  voltage_max_design: "",
  voltage_min: "",
  voltage_min_design: "",
  voltage_now: "voltage_volt",
  voltage_ocv: "",
};

/** In tenths of a degree. */
const TENTHS: Record<string, string> = {
  temp: "temp_celsius",
  temp_alert_max: "temp_alert_max_celsius",
  temp_alert_min: "temp_alert_min_celsius",
  temp_ambient: "temp_ambient_celsius",
  temp_ambient_max: "temp_ambient_max_celsius",
  temp_ambient_min: "temp_ambient_min_celsius",
  temp_max: "temp_max_celsius",
  temp_min: "temp_min_celsius",
};

const TEXTS = [
  "capacity_level",
  "charge_type",
  "health",
  "manufacturer",
  "model_name",
  "scope",
  "serial_number",
  "status",
  "technology",
  "type",
  "usb_type",
];

/** Every supply; empty where there is none. */
export function readPowerSupplies(files: HostFiles): PowerSupply[] {
  return files.listSys("class/power_supply").map((name) => {
    const supply: PowerSupply = { name, values: new Map(), info: { power_supply: name } };
    const take = (table: Record<string, string>, divisor: number) => {
      for (const [attribute, metric] of Object.entries(table)) {
        const text = files.trySys(`class/power_supply/${name}/${attribute}`);
        if (text === undefined || text === "" || !Number.isFinite(Number(text))) continue;
        supply.values.set(metric === "" ? attribute : metric, Number(text) / divisor);
      }
    };
    take(PLAIN, 1);
    take(MICRO, 1e6);
    take(TENTHS, 10);
    for (const attribute of TEXTS) {
      const text = files.trySys(`class/power_supply/${name}/${attribute}`);
      if (text !== undefined && text !== "") supply.info[attribute] = text;
    }
    return supply;
  });
}
