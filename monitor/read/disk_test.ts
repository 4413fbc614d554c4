import assert from "node:assert/strict";
import { ManualClock } from "../../core/ports/clock.ts";
import { FilesystemReader, parseDiskstats, parseMounts, parseUdev } from "./disk.ts";
import type { HostFiles } from "./host_files.ts";
import type { Mount, VolumeCounts } from "./host_sample.ts";

Deno.test("parseDiskstats() reads 14, 18 and 20 columns and marks what is hidden", () => {
  const text = [
    "   8       0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17",
    "   8       1 sda1 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15",
    "   9       0 md0 1 2 3 4 5 6 7 8 9 10 11",
    "short line",
    "",
  ].join("\n");
  const disks = parseDiskstats(text, /^sd[a-z]\d+$/);
  assert.deepEqual(disks.map((disk) => [disk.device, disk.hidden]), [
    ["sda", false],
    ["sda1", true],
    ["md0", false],
  ]);
  const [sda, sda1, md0] = disks;
  assert.equal(sda.major, 8);
  assert.equal(sda.sectorsRead, 3);
  assert.equal(sda.writeMs, 8);
  assert.equal(sda.weightedMs, 11);
  assert.deepEqual(sda.discards, { completed: 12, merged: 13, sectors: 14, ms: 15 });
  assert.deepEqual(sda.flushes, { completed: 16, ms: 17 });
  assert.equal(sda1.flushes, undefined);
  assert.equal(md0.discards, undefined);
});

Deno.test("parseUdev() takes the serial of the disk before that of the bus", () => {
  const text =
    "S:disk/by-id/x\nE:ID_MODEL=Fast_Disk\nE:ID_SERIAL_SHORT=bus\nE:SCSI_IDENT_SERIAL=disk\nE:ID_WWN=0x5\n";
  assert.deepEqual(parseUdev(text), {
    path: "",
    wwn: "0x5",
    model: "Fast_Disk",
    serial: "disk",
    revision: "",
  });
});

Deno.test("parseMounts() unescapes, filters, and knows the mount on top", () => {
  const text = [
    "/dev/sda1 / ext4 rw,relatime 0 0",
    "proc /proc proc rw 0 0",
    "/dev/sdb1 /mnt/my\\040disk xfs ro,noatime 0 0",
    "server:/old /mnt/share nfs rw 0 0",
    "server:/new /mnt/share nfs4 rw 0 0",
    "tmpfs /dev/shm tmpfs rw 0 0",
    "/dev/sdc1 /data ext4 rw 0 0",
    "overlay /data overlay rw 0 0",
    "cut",
  ].join("\n");
  assert.deepEqual(parseMounts(text, /^\/dev($|\/)/, /^(proc|overlay)$/), [
    { device: "/dev/sda1", mountPoint: "/", fsType: "ext4", readOnly: false },
    { device: "/dev/sdb1", mountPoint: "/mnt/my disk", fsType: "xfs", readOnly: true },
    { device: "server:/new", mountPoint: "/mnt/share", fsType: "nfs4", readOnly: false },
  ]);
});

const COUNTS: VolumeCounts = {
  sizeBytes: 10,
  freeBytes: 5,
  availableBytes: 4,
  files: 3,
  filesFree: 2,
};

/** Lets every promise that can go on go on. */
async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

function mount(mountPoint: string): Mount {
  return { device: "d", mountPoint, fsType: "ext4", readOnly: false };
}

Deno.test("FilesystemReader gives up on a mount that hangs and asks again once it has answered", async () => {
  const clock = new ManualClock();
  const asked: string[] = [];
  let answer = (_: VolumeCounts) => {};
  const files = {
    statfs(mountPoint: string) {
      asked.push(mountPoint);
      if (mountPoint === "/denied") return Promise.reject(new Error("permission denied"));
      if (mountPoint === "/") return Promise.resolve(COUNTS);
      return new Promise<VolumeCounts>((resolve) => answer = resolve);
    },
  } as unknown as HostFiles;
  const reader = new FilesystemReader(files, clock, 5000);
  const mounts = [mount("/"), mount("/dead"), mount("/denied")];

  const first = reader.read(mounts);
  await turns();
  await clock.advance(5000);
  const [root, dead, denied] = await first;
  assert.deepEqual(root.counts, COUNTS);
  assert.equal(dead.counts, undefined);
  assert.match(dead.error!, /no answer within 5000 ms/);
  assert.match(denied.error!, /permission denied/);
  assert.equal(reader.stuck, 1);

  const second = await reader.read(mounts);
  assert.match(second[1].error!, /still waiting/);
  assert.equal(asked.filter((path) => path === "/dead").length, 1, "no second thread for it");

  answer(COUNTS);
  await turns();
  assert.equal(reader.stuck, 0);
  const third = reader.read(mounts);
  answer(COUNTS);
  assert.deepEqual((await third)[1].counts, COUNTS);
});
