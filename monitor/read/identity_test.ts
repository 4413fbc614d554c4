import assert from "node:assert/strict";
import { parseOsRelease } from "./identity.ts";
import { readSensors, readThermalZones } from "./sensors.ts";
import { parseProcessStat, readProcesses } from "./processes.ts";
import { parseUtmp } from "./users.ts";
import { MapFiles } from "./map_files.ts";

Deno.test("parseOsRelease() unquotes and unescapes", () => {
  const text =
    `# comment\nID=debian\nPRETTY_NAME="Debian \\"12\\""\nNAME='X Y'\nVERSION_ID="12"\nbroken\n`;
  assert.deepEqual(Object.fromEntries(parseOsRelease(text)), {
    id: "debian",
    pretty_name: 'Debian "12"',
    name: "X Y",
    version_id: "12",
  });
});

Deno.test("parseProcessStat() is not misled by the name of a process", () => {
  const rest = "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 21 18";
  assert.deepEqual(parseProcessStat(`5 (a) R 1) S ${rest}`), { state: "S", threads: 21 });
  assert.equal(parseProcessStat("rubbish"), undefined);
});

Deno.test("readProcesses() counts states and threads, and skips one that has just ended", () => {
  const stat = (state: string, threads: number) =>
    `1 (x) ${state} 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 ${threads} 18`;
  const counts = readProcesses(
    new MapFiles({
      "/proc/1/stat": stat("S", 1),
      "/proc/22/stat": stat("R", 4),
      "/proc/333/stat": new Error("no such process"),
      "/proc/4444/stat": stat("S", 2),
      "/proc/self/stat": stat("Z", 9),
      "/proc/sys/kernel/pid_max": "32768\n",
      "/proc/sys/kernel/threads-max": "1000\n",
    }),
  );
  assert.deepEqual(Object.fromEntries(counts.states), { S: 2, R: 1 });
  assert.deepEqual([counts.total, counts.threads], [3, 7]);
  assert.deepEqual([counts.pidMax, counts.threadsMax], [32768, 1000]);
});

Deno.test("readSensors() gives base units, labels, and chips by their device", () => {
  const base = "/sys/class/hwmon/hwmon0";
  const [temp1, in0, power1] = readSensors(
    new MapFiles({
      [`${base}/name`]: "coretemp\n",
      [`${base}@`]: "../../devices/platform/coretemp.0/hwmon/hwmon0",
      [`${base}/device@`]: "../../../coretemp.0",
      [`${base}/temp1_input`]: "45500\n",
      [`${base}/temp1_label`]: "Package id 0\n",
      [`${base}/temp1_crit_alarm`]: "1\n",
      [`${base}/temp2_input`]: new Error("EIO"),
      [`${base}/in0_input`]: "1200\n",
      [`${base}/power1_average`]: "5000000\n",
      [`${base}/uevent`]: "",
    }),
  ).sort((a, b) => "tip".indexOf(a.sensor[0]) - "tip".indexOf(b.sensor[0]));
  assert.equal(temp1.chip, "platform_coretemp_0");
  assert.equal(temp1.chipName, "coretemp");
  assert.equal(temp1.label, "Package id 0");
  assert.deepEqual(Object.fromEntries(temp1.values), {
    temp_celsius: 45.5,
    temp_crit_alarm_celsius: 0.001, // as node_exporter has it
  });
  assert.equal(in0.values.get("in_volts"), 1.2);
  assert.equal(power1.values.get("power_average_watt"), 5);
});

Deno.test("readThermalZones() gives degrees", () => {
  const base = "/sys/class/thermal";
  const files = new MapFiles({
    [`${base}/thermal_zone0/temp`]: "27800\n",
    [`${base}/thermal_zone0/type`]: "acpitz\n",
    [`${base}/cooling_device0/type`]: "Processor\n",
  });
  assert.deepEqual(readThermalZones(files), [{ zone: "0", type: "acpitz", celsius: 27.8 }]);
});

Deno.test("parseUtmp() takes sessions of users alone, and a cut record for none", () => {
  const record = (type: number, name: string) => {
    const bytes = new Uint8Array(384);
    bytes[0] = type;
    bytes.set(new TextEncoder().encode(name), 44);
    return [...bytes];
  };
  const file = [
    ...record(7, "ann"),
    ...record(8, "gone"),
    ...record(7, "bob"),
    ...record(7, "ann"),
  ];
  assert.deepEqual(parseUtmp(new Uint8Array([...file, 7, 0, 1])), ["ann", "bob", "ann"]);
});
