/**
 * A /proc and a /sys of a machine with the hardware that a virtual one lacks: sensors, fans, power
 * supplies, frequencies, cooling. Only files that a collector reads; the numbers are made up.
 */

const COUNTERS = "cpu  0 0 0 0 0 0 0 0 0 0";

const PROC: Record<string, string> = {
  "stat": `${COUNTERS}\nintr 1\nctxt 1\nbtime 1\nprocesses 1\nprocs_running 1\nprocs_blocked 0\n`,
  "schedstat": "version 15\ntimestamp 15819019232\n" +
    "cpu0 498494191 0 3533438552 2553969831 3853684107 2465731542 2045936778163 343796328169361 4767485306\n" +
    "domain0 00000000,00000003 212499247 210112015 1861015 1860405436\n" +
    "cpu1 518377256 0 4155211005 2778589869 10466382 2867629021 1904686152592 364107263788241 5145567945\n",
  "meminfo":
    "MemTotal:       16042172 kB\nMemFree:          225472 kB\nBuffers:          22040 kB\n" +
    "Cached:           930888 kB\nActive(anon):    2068484 kB\nZswap:             11264 kB\n" +
    "Zswapped:          40960 kB\nHardwareCorrupted:     4 kB\nHugePages_Total:       7\n",
  "mdstat": "Personalities : [raid1] [raid6] [raid0]\n" +
    "md3 : active raid6 sda1[8] sdh1[7] sdg1[6] sdf1[5] sde1[11] sdd1[3] sdc1[10] sdb1[9] sdd1[12](S)\n" +
    "      5853468288 blocks super 1.2 level 6, 64k chunk, algorithm 2 [8/8] [UUUUUUUU]\n\n" +
    "md0 : active raid1 sdi1[0] sdj1[1](F)\n      248896 blocks [2/1] [U_]\n\n" +
    "md4 : inactive raid1 sda3[0](F) sdb3[1](S)\n      4883648 blocks [2/2] [UU]\n\n" +
    "md6 : active raid1 sdb2[2](F) sdc[1](S) sda2[0]\n      195310144 blocks [2/1] [U_]\n" +
    "      [=>...................]  recovery =  8.5% (16775552/195310144) finish=17.0min speed=259783K/sec\n\n" +
    "md8 : active raid1 sdb1[1] sda1[0] sdc[2](S) sde[3](S)\n      195310144 blocks [2/2] [UU]\n" +
    "      [=>...................]  resync =  8.5% (16775552/195310144) finish=17.0min speed=259783K/sec\n\n" +
    "md9 : active raid1 sdc2[2] sdd2[3] sdb2[1] sda2[0] sde[4](F) sdf[5](F) sdg[6](S)\n" +
    "      523968 blocks super 1.2 [4/4] [UUUU]\n      resync=DELAYED\n\n" +
    "md10 : active raid0 sda1[0] sdb1[1]\n      314159265 blocks 64k chunks\n\n" +
    "md201 : active raid1 sda3[0] sdb3[1]\n      1993728 blocks super 1.2 [2/2] [UU]\n" +
    "      [=>...................]  check =  5.7% (114176/1993728) finish=0.2min speed=114176K/sec\n\n" +
    "unused devices: <none>\n",
  "sys/net/netfilter/nf_conntrack_count": "123\n",
  "sys/net/netfilter/nf_conntrack_max": "65536\n",
  "net/arp": "IP address       HW type     Flags       HW address            Mask     Device\n" +
    "192.168.1.1      0x1         0x2         cc:aa:dd:ee:aa:bb     *        eth0\n" +
    "192.168.1.2      0x1         0x2         bb:cc:dd:ee:ff:aa     *        eth0\n" +
    "192.168.1.3      0x1         0x2         aa:bb:cc:dd:ee:ff     *        eth1\n",
  "interrupts": "           CPU0       CPU1       \n" +
    "   0:         18          0   IO-APIC   2-edge      timer\n" +
    "  16:        111        222   IO-APIC  16-fasteoi   ehci_hcd:usb1, mmc0\n" +
    " NMI:         47       5031   Non-maskable interrupts\n ERR:          0\n",
};

const CPUFREQ = (current: number): Record<string, string> => ({
  cpuinfo_cur_freq: `${current}\n`,
  cpuinfo_max_freq: "3700000\n",
  cpuinfo_min_freq: "800000\n",
  cpuinfo_transition_latency: "0\n",
  related_cpus: "0\n",
  scaling_available_governors: "performance powersave\n",
  scaling_cur_freq: `${current - 1000}\n`,
  scaling_driver: "intel_pstate\n",
  scaling_governor: "powersave\n",
  scaling_max_freq: "3600000\n",
  scaling_min_freq: "900000\n",
  scaling_setspeed: "<unsupported>\n",
});

const HWMON: Record<string, Record<string, string>> = {
  "platform/coretemp.0": {
    name: "coretemp\n",
    temp1_input: "55000\n",
    temp1_label: "Package id 0\n",
    temp1_max: "100000\n",
    temp1_crit: "100000\n",
    temp1_crit_alarm: "0\n",
    temp1_crit_hyst: "95000\n",
    temp2_input: "54500\n",
    temp2_label: "Core 0\n",
  },
  "platform/nct6775.656": {
    name: "nct6779\n",
    fan1_input: "1098\n",
    fan1_min: "300\n",
    fan1_alarm: "0\n",
    fan2_input: "0\n",
    fan2_fault: "1\n",
    in0_input: "792\n",
    in0_min: "0\n",
    in0_max: "1744\n",
    pwm1: "98\n",
    intrusion0_alarm: "1\n",
  },
};

const SYS: Record<string, string> = {
  "class/net/bonding_masters": "bond0 bond1\n",
  ...under("class/net/bond0", {
    "bonding/slaves": "eth0 eth4\n",
    "lower_eth0/bonding_slave/mii_status": "up\n",
    "lower_eth4/bonding_slave/mii_status": "down\n",
  }),
  "class/net/bond1/bonding/slaves": "\n",
  ...under("devices/system/cpu/cpufreq/policy0", CPUFREQ(1_200_195)),
  ...under("devices/system/cpu/cpufreq/policy1", CPUFREQ(2_200_000)),
  ...under("class/thermal/thermal_zone0", {
    mode: "enabled\n",
    policy: "step_wise\n",
    temp: "49925\n",
    type: "x86_pkg_temp\n",
  }),
  ...under("class/thermal/cooling_device0", {
    cur_state: "3\n",
    max_state: "50\n",
    type: "Processor\n",
  }),
  ...under("class/power_supply/AC", { online: "1\n", type: "Mains\n" }),
  ...under("class/power_supply/BAT0", {
    capacity: "81\n",
    capacity_level: "Normal\n",
    charge_full: "2750000\n",
    charge_now: "2228000\n",
    current_now: "2000\n",
    cycle_count: "17\n",
    health: "Good\n",
    manufacturer: "LGC\n",
    model_name: "LNV-45N1\n",
    present: "1\n",
    serial_number: "38109\n",
    status: "Discharging\n",
    technology: "Li-ion\n",
    temp: "305\n",
    type: "Battery\n",
    voltage_min_design: "10800000\n",
    voltage_now: "12229000\n",
  }),
};

function under(folder: string, files: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([k, text]) => [`${folder}/${k}`, text]));
}

/** Writes the trees below a folder; returns where they are. */
export async function writeHardware(
  folder: string,
): Promise<{ procDir: string; sysDir: string }> {
  const procDir = `${folder}/proc`, sysDir = `${folder}/sys`;
  for (const [path, text] of Object.entries(PROC)) await write(`${procDir}/${path}`, text);
  for (const [path, text] of Object.entries(SYS)) await write(`${sysDir}/${path}`, text);
  for (const cpu of [0, 1]) {
    const folder = `${sysDir}/devices/system/cpu/cpu${cpu}`;
    await Deno.mkdir(folder, { recursive: true });
    await Deno.symlink(`../cpufreq/policy${cpu}`, `${folder}/cpufreq`);
  }
  await Deno.mkdir(`${sysDir}/class/hwmon`, { recursive: true });
  await Deno.mkdir(`${sysDir}/bus/platform`, { recursive: true });
  let number = 0;
  for (const [device, files] of Object.entries(HWMON)) {
    const home = `devices/${device}/hwmon/hwmon${number}`;
    for (const [name, text] of Object.entries(files)) {
      await write(`${sysDir}/${home}/${name}`, text);
    }
    await Deno.symlink("../../../../../bus/platform", `${sysDir}/devices/${device}/subsystem`);
    await Deno.symlink(`../../../${device.split("/")[1]}`, `${sysDir}/${home}/device`);
    await Deno.symlink(`../../${home}`, `${sysDir}/class/hwmon/hwmon${number}`);
    number++;
  }
  return { procDir, sysDir };
}

async function write(path: string, text: string): Promise<void> {
  await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  await Deno.writeTextFile(path, text);
}
