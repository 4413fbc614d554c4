/** Who the host is: the kernel's names, os-release, and which clock it goes by. */
import type { HostFiles } from "./host_files.ts";
import type { HostSample, SystemName } from "./host_sample.ts";

/** What uname(2) gives, out of /proc/sys/kernel; the machine is that of this program's build. */
export function readName(files: HostFiles): SystemName {
  const kernel = (name: string) => files.proc(`sys/kernel/${name}`).trim();
  return {
    sysname: kernel("ostype"),
    release: kernel("osrelease"),
    version: kernel("version"),
    machine: Deno.build.arch,
    nodename: kernel("hostname"),
    domainname: kernel("domainname"),
  };
}

/** Reads os-release(5): KEY=value, KEY="value" with backslash escapes. Keys become lower case. */
export function parseOsRelease(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of text.split("\n")) {
    const match = /^([A-Z0-9_]+)=(.*)$/.exec(line.trim());
    if (match === null) continue;
    const quoted = /^(["'])(.*)\1$/.exec(match[2]);
    const value = quoted === null ? match[2] : quoted[2].replace(/\\([\\"'$`])/g, "$1");
    found.set(match[1].toLowerCase(), value);
  }
  return found;
}

let zoneSeen = { offset: NaN, name: "" };

/** The kernel's clock source and the local time zone. */
export function readClock(files: HostFiles, atMs: number): HostSample["clock"] {
  const folder = "devices/system/clocksource/clocksource0";
  const source = files.trySys(`${folder}/current_clocksource`) ?? "";
  const available = (files.trySys(`${folder}/available_clocksource`) ?? "").split(/\s+/);
  const at = new Date(atMs);
  const zoneOffsetSeconds = 0 - at.getTimezoneOffset() * 60;
  // The name changes with the offset alone, and asking for it costs more than the rest.
  if (zoneSeen.offset !== zoneOffsetSeconds) {
    const name = new Intl.DateTimeFormat("en-US", { timeZoneName: "short" }).formatToParts(at)
      .find((part) => part.type === "timeZoneName")?.value ?? "";
    zoneSeen = { offset: zoneOffsetSeconds, name };
  }
  return {
    source,
    available: available.filter((name) => name !== "").sort(),
    zone: zoneSeen.name,
    zoneOffsetSeconds,
  };
}
