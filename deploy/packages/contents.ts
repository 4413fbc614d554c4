/**
 * What each Debian package contains: the program, its unit, its settings, man page, completions and documents. No file
 * is in two packages; the user `weir` is made by the scripts of whichever comes first.
 */
import { gzipSync } from "node:zlib";
import type { Command } from "commander";
import type { z } from "zod";
import { agentCommand } from "../../agent/command.ts";
import { agentSettings } from "../../agent/config.ts";
import { weirCommand } from "../../cli/commands.ts";
import { completion } from "../../cli/completions.ts";
import { monitorCommand } from "../../monitor/command.ts";
import { monitorSettings } from "../../monitor/config.ts";
import { transferCommand } from "../../transfer/command.ts";
import { transferSettings } from "../../transfer/config.ts";
import { exampleSettings } from "./example_settings.ts";
import { manPage } from "./man.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

export interface PackageSpec {
  name: string;
  summary: string;
  section: 1 | 8;
  command: () => Command;
  settings?: { path: string; schema: z.ZodType };
  /** State that a purge removes. */
  state: string[];
}

export const PACKAGES: readonly PackageSpec[] = [
  {
    name: "weir",
    summary: "this host's logs on a page, and the commands of Weir",
    section: 1,
    command: weirCommand,
    state: ["/var/lib/weir"],
  },
  {
    name: "weir-agent",
    summary: "log files to Kafka, each line accounted for",
    section: 8,
    command: agentCommand,
    settings: { path: "/etc/weir/agent.yaml", schema: agentSettings },
    state: ["/var/lib/weir-agent"],
  },
  {
    name: "weir-transfer",
    summary: "Kafka to Elasticsearch, each line once",
    section: 8,
    command: transferCommand,
    settings: { path: "/etc/weir/transfer.yaml", schema: transferSettings },
    state: [],
  },
  {
    name: "weir-monitor",
    summary: "host metrics for Prometheus and InfluxDB",
    section: 8,
    command: monitorCommand,
    settings: { path: "/etc/weir/monitor.yaml", schema: monitorSettings },
    state: [],
  },
];

export interface Content {
  /** Bytes, or the path of a file to copy. */
  data: Uint8Array | string;
  mode: number;
  /** Kept as the site changed it. */
  conffile?: boolean;
}

/** Every file of a package by its absolute path; `executable` is the program that was built. */
export function contentsOf(spec: PackageSpec, executable: string): Map<string, Content> {
  const { name, section, settings } = spec;
  const files = new Map<string, Content>();
  const put = (path: string, data: string | Uint8Array, conffile = false) =>
    files.set(path, {
      data: typeof data === "string" ? encode(data) : data,
      mode: 0o644,
      conffile,
    });
  files.set(`/usr/bin/${name}`, { data: executable, mode: 0o755 });
  put(`/usr/lib/systemd/system/${name}.service`, read(`deploy/systemd/${name}.service`));
  put(`/usr/share/man/man${section}/${name}.${section}.gz`, packed(manOf(spec)));
  put(`/usr/share/bash-completion/completions/${name}`, completion(spec.command(), "bash"));
  put(`/usr/share/zsh/vendor-completions/_${name}`, completion(spec.command(), "zsh"));
  put(`/usr/share/fish/vendor_completions.d/${name}.fish`, completion(spec.command(), "fish"));
  put(`/usr/share/doc/${name}/copyright`, COPYRIGHT);
  put(`/usr/share/doc/${name}/NEWS.gz`, packed(read("CHANGELOG.md")));
  if (settings !== undefined) {
    put(settings.path, exampleSettings(settings.schema, name), true);
  } else {
    put(
      `/etc/default/${name}`,
      `# Options of the service, such as --listen.\nWEIR_UP_OPTIONS=\n`,
      true,
    );
  }
  return files;
}

function manOf({ command, section, settings, state }: PackageSpec): string {
  const files: Record<string, string> = {};
  if (settings !== undefined) files[settings.path] = "settings";
  for (const folder of state) files[folder] = "state of the service";
  return manPage({ section, command: command(), settings: settings?.schema, files });
}

/** As `gzip -9n`: no name and no time, so that two builds are equal. */
function packed(text: string): Uint8Array {
  return gzipSync(encode(text), { level: 9 });
}

function read(path: string): string {
  return Deno.readTextFileSync(ROOT + path);
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

const COPYRIGHT = `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: Weir

Files: *
Copyright: 2026 the Weir authors
License: Apache-2.0
 On Debian systems the text of the licence is in /usr/share/common-licenses/Apache-2.0.
 Licences of the packages inside the program are listed in its SBOM, which is beside each release.
`;
