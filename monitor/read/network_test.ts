import assert from "node:assert/strict";
import * as network from "./network.ts";
import { MapFiles } from "./map_files.ts";

const NET_DEV = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:  100633     568    0    0    0     0          0         0   100633     568    0    0    0     0       0          0
  eth0:511782340  12830    1    2    3     4          5         6  1061306    8239    7    8    9    10      11         12
br-a:b:       1       2    0    0    0     0          0         0        3       4    0    0    0     0       0          0
`;

Deno.test("parseNetDev() reads both directions, numbers that touch the name, and odd names", () => {
  const devices = network.parseNetDev(NET_DEV, /^lo$/);
  assert.deepEqual(devices.map((entry) => entry.device), ["eth0", "br-a:b"]);
  assert.deepEqual(devices[0].receive, {
    bytes: 511782340,
    packets: 12830,
    errs: 1,
    drop: 2,
    fifo: 3,
    frame: 4,
    compressed: 5,
    multicast: 6,
  });
  assert.deepEqual(devices[0].transmit, {
    bytes: 1061306,
    packets: 8239,
    errs: 7,
    drop: 8,
    fifo: 9,
    colls: 10,
    carrier: 11,
    compressed: 12,
  });
  assert.equal(network.parseNetDev(NET_DEV, undefined).length, 3);
});

Deno.test("readInterfaces() reads attributes, hexadecimal ones too, and leaves out what is refused", () => {
  const files = new MapFiles({
    "/sys/class/net/eth0/operstate": "up\n",
    "/sys/class/net/eth0/ifindex": "4\n",
    "/sys/class/net/tun0/ifindex": "5\n",
    "/sys/class/net/eth0/type": "1\n",
    "/sys/class/net/eth0/address": "02:fc:00:00:00:01\n",
    "/sys/class/net/eth0/flags": "0x1003\n",
    "/sys/class/net/eth0/speed": "-1\n",
    "/sys/class/net/eth0/mtu": "1400\n",
    "/sys/class/net/tun0/operstate": "down\n",
    "/sys/class/net/bonding_masters": "bond0\n",
  });
  const [eth0, tun0, ...rest] = network.readInterfaces(files, undefined, new Map());
  assert.deepEqual(rest, []);
  assert.equal(eth0.up, true);
  assert.equal(eth0.text.address, "02:fc:00:00:00:01");
  assert.equal(eth0.numbers.get("flags"), 4099);
  assert.equal(eth0.numbers.get("speed"), -1);
  assert.equal(eth0.numbers.get("type"), 1);
  assert.equal(eth0.numbers.has("carrier"), false);
  assert.equal(tun0.up, false);
});

Deno.test("readInterfaces() forgets open files when another device has the name", () => {
  const base = "/sys/class/net/eth0";
  const files = new MapFiles({ [`${base}/operstate`]: "up\n", [`${base}/ifindex`]: "4\n" });
  const known = new Map<string, network.KnownDevice>();
  network.readInterfaces(files, undefined, known);
  files.forgotten = [];
  network.readInterfaces(files, undefined, known);
  assert.deepEqual(files.forgotten, []);
  files.files[`${base}/ifindex`] = "9\n";
  network.readInterfaces(files, undefined, known);
  assert.deepEqual(files.forgotten, ["class/net/eth0"]);
});

Deno.test("parseProtocols() pairs names with numbers and refuses unequal lines", () => {
  const found = new Map<string, number>();
  network.parseProtocols(
    "Tcp: RtoMin ActiveOpens CurrEstab\nTcp: 200 5 -1\nUdp: NoPorts\nUdp: 7\n",
    found,
  );
  assert.deepEqual([...found], [["Tcp_ActiveOpens", 5], ["Tcp_CurrEstab", -1], ["Udp_NoPorts", 7]]);
  assert.throws(() => network.parseProtocols("Tcp: A B\nTcp: 1\n", found), /unequal lines/);
});

Deno.test("parseProtocols6() splits behind the 6", () => {
  const found = new Map<string, number>();
  const text = "Ip6InOctets   \t5\nUdp6NoPorts 6\nUdpLite6InErrors 7\nIcmp6InMsgs 8\n";
  network.parseProtocols6(text, found);
  assert.deepEqual([...found], [
    ["Ip6_InOctets", 5],
    ["Udp6_NoPorts", 6],
    ["UdpLite6_InErrors", 7],
    ["Icmp6_InMsgs", 8],
  ]);
});

Deno.test("parseSockstat() gives pages in bytes as well", () => {
  const found = new Map<string, number>();
  network.parseSockstat(
    "sockets: used 32\nTCP: inuse 1 mem 33\nFRAG: inuse 0 memory 9\n",
    4096,
    found,
  );
  assert.deepEqual([...found], [
    ["sockets_used", 32],
    ["TCP_inuse", 1],
    ["TCP_mem", 33],
    ["TCP_mem_bytes", 135168],
    ["FRAG_inuse", 0],
    ["FRAG_memory", 9],
  ]);
});

Deno.test("parseUdpQueues() adds up what waits", () => {
  const text = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when\n" +
    "   0: 0100007F:0035 00000000:0000 07 00000001:00000100 00:00000000 00000000 0\n" +
    "   1: 0100007F:0036 00000000:0000 07 00000002:00000A00 00:00000000 00000000 0\n";
  assert.deepEqual(network.parseUdpQueues(text), { rx: 0xb00, tx: 3 });
});

Deno.test("parseArp(), parseSoftnet() and parseConntrackStat() count", () => {
  const head = "IP address       HW type     Flags       HW address            Mask     Device\n";
  const row = (ip: string, device: string) => `${ip} 0x1 0x2 02:fc:00:00:00:05 * ${device}\n`;
  assert.deepEqual(
    [...network.parseArp(
      head + row("192.0.2.1", "eth0") + row("192.0.2.2", "eth0") + row("10.0.0.1", "w0"),
    )],
    [["eth0", 2], ["w0", 1]],
  );
  const softnet = network.parseSoftnet(
    "0000012d 00000001 00000002 00000000 00000000 00000000 00000000 00000000 00000003 00000004 00000005 00000006 00000007\n" +
      "00000010 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000\n",
  );
  assert.deepEqual(softnet[0], {
    cpu: "7",
    processed: 301,
    dropped: 1,
    timesSqueezed: 2,
    collisions: 3,
    receivedRps: 4,
    flowLimit: 5,
    backlog: 6,
  });
  assert.equal(softnet[1].cpu, "1");
  assert.equal(softnet[1].backlog, undefined);
  const into = new Map<string, number>();
  network.parseConntrackStat(
    "entries  found drop\n00000005 00000001 0000000a\n00000005 00000002 00000001\n",
    into,
  );
  assert.deepEqual([...into], [["stat_found", 3], ["stat_drop", 11]]);
});
