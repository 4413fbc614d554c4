import assert from "node:assert/strict";
import { MapFiles } from "./map_files.ts";
import { parseMdstat, readBonds } from "./raid.ts";

Deno.test("parseMdstat() counts members by state, and what is in sync", () => {
  const arrays = parseMdstat(
    "Personalities : [raid1] [raid0]\n" +
      "md0 : active raid1 sdi1[0] sdj1[1](F)\n      248896 blocks [2/1] [U_]\n\n" +
      "md1 : active raid1 sdb2[2](F) sdc[1](S) sda2[0]\n      1000 blocks [2/1] [U_]\n" +
      "      bitmap: 1/2 pages\n      [=>....]  recovery =  8.5% (85/1000) finish=17.0min\n\n" +
      "md2 : active raid0 sda1[0] sdb1[1]\n      314159265 blocks 64k chunks\n\n" +
      "md3 : inactive sda3[0](S)\n      4883648 blocks\n\nunused devices: <none>\n",
  );
  assert.deepEqual(
    arrays.map((it) => [it.device, it.state, it.active, it.failed, it.spare, it.required]),
    [
      ["md0", "active", 1, 1, 0, 2],
      ["md1", "recovering", 1, 1, 1, 2],
      ["md2", "active", 2, 0, 0, 2],
      ["md3", "inactive", 0, 0, 1, 0],
    ],
  );
  assert.deepEqual([arrays[1].blocksSynced, arrays[0].blocksSynced], [85, 248896]);
  assert.deepEqual(parseMdstat("Personalities :\nunused devices: <none>\n"), []);
  assert.throws(() => parseMdstat("md0 : active raid1 sda[0]\n"), /unknown form of md0/);
});

Deno.test("readBonds() counts slaves whose link is up, by the new and the old name of the link", () => {
  const files = new MapFiles({
    "/sys/class/net/bonding_masters": "bond0 bond1\n",
    "/sys/class/net/bond0/bonding/slaves": "eth0 eth1 eth2\n",
    "/sys/class/net/bond0/lower_eth0/bonding_slave/mii_status": "up\n",
    "/sys/class/net/bond0/slave_eth1/bonding_slave/mii_status": "up\n",
    "/sys/class/net/bond0/lower_eth2/bonding_slave/mii_status": "down\n",
    "/sys/class/net/bond1/bonding/slaves": "\n",
  });
  assert.deepEqual(readBonds(files), [
    { master: "bond0", slaves: 3, active: 2 },
    { master: "bond1", slaves: 0, active: 0 },
  ]);
  assert.deepEqual(readBonds(new MapFiles({})), []);
});
