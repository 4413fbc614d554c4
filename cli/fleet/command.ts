/** `weir fleet`: what is registered in etcd, and how it fares. */
import { Command } from "commander";
import { EXIT } from "../../core/errors.ts";
import type { Registered } from "../../core/fleet/registration_schema.ts";
import { safeText } from "../../core/log.ts";
import { connect, type ConnectionOptions, withConnection } from "../config/connection.ts";
import { guarded } from "../config/guarded.ts";

interface FleetOptions extends ConnectionOptions {
  json?: boolean;
  label?: string;
}

export function fleetCommand(): Command {
  return withConnection(new Command("fleet"))
    .description("list the programs that run, what they applied and how they fare")
    .option("--json", "one JSON object a line")
    .option("--label <name=value>", "hosts with this label alone")
    .action((options: FleetOptions) =>
      guarded(async () => {
        const { live: all } = await connect(options);
        const live = (await all()).filter((one) => fits(one, options.label));
        if (options.json) { for (const one of live) console.log(JSON.stringify(one)); }
        else for (const line of fleetTable(live)) console.log(line);
        return live.every(({ health }) => health.ok) ? EXIT.ok : EXIT.runtime;
      })
    );
}

function fits({ labels }: Registered, label: string | undefined): boolean {
  if (label === undefined) return true;
  const at = label.indexOf("=");
  return at > 0 && labels[label.slice(0, at)] === label.slice(at + 1);
}

/** A head and one line a program. */
export function fleetTable(live: readonly Registered[]): string[] {
  const rows = [["program", "host", "ip", "state", "revision", "figures", "says"]];
  for (const one of live) {
    const { applied, health, summary } = one;
    rows.push([
      one.program,
      one.host,
      one.ip,
      health.ok ? applied.state : `${applied.state} !`,
      String(applied.revision),
      Object.entries(summary).map(([name, value]) => `${name}=${value}`).join(" "),
      safeText([applied.reason, ...health.reasons].filter((text) => text !== "").join("; "), 100),
    ]);
  }
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  return rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i])).join("  ").trimEnd());
}
