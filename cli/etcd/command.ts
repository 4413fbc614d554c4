/** `weir etcd …`: what an etcd with users needs of Weir. */
import { Command } from "commander";
import { EXIT, WeirError } from "../../core/errors.ts";
import { etcdctlCommands, hostRole, programRoles, type Role } from "../../core/fleet/roles.ts";
import {
  connect,
  type ConnectionOptions,
  operatorKeys,
  withConnection,
} from "../config/connection.ts";
import { guarded } from "../config/guarded.ts";
import { makeRole } from "./roles.ts";

interface RolesOptions extends ConnectionOptions {
  print?: boolean;
  host?: string;
  groups?: string;
  id?: string;
  decisions: string;
}

export function etcdCommand(): Command {
  const etcd = new Command("etcd").description("rights in an etcd with users");
  const roles = withConnection(new Command("roles"))
    .description("make a role for each program with the least that it needs")
    .argument("[names...]", "roles to make, such as weir-agent (default: all)")
    .option("--print", "print the commands of etcdctl instead; nothing is asked or changed")
    .option("--host <ip>", "a role for the agent of this host alone")
    .option("--groups <names>", "groups of that host, with commas between", "")
    .option("--id <id>", "id of that host's agent; without one it may register under any", "")
    .option("--decisions <prefix>", "as transfers have it in index.decisions", "/weir/index/")
    .action((names: string[], options: RolesOptions) => guarded(() => make(names, options)));
  etcd.addCommand(roles);
  return etcd;
}

async function make(names: readonly string[], options: RolesOptions): Promise<number> {
  const roles = wanted(names, options);
  if (options.print) {
    for (const role of roles) {
      console.log(`# ${role.about}`);
      for (const line of etcdctlCommands(role)) console.log(line);
    }
    return EXIT.ok;
  }
  const { client, settings } = await connect(options);
  for (const role of roles) {
    const { name, made, granted, revoked } = await makeRole(client, role, settings.etcd.timeout);
    const parts = [made ? "made" : "was there", `${granted} granted`, `${revoked} taken away`];
    console.log(`${name}: ${parts.join(", ")}`);
  }
  return EXIT.ok;
}

/** Throws USAGE_ROLE for a name that no role has. */
function wanted(names: readonly string[], options: RolesOptions): Role[] {
  const keys = { ...operatorKeys(options), decisions: options.decisions };
  const groups = options.groups === undefined || options.groups === ""
    ? []
    : options.groups.split(",");
  const all = options.host === undefined
    ? programRoles(keys)
    : [hostRole(keys, { name: options.host, groups, id: options.id ?? "" })];
  const unknown = names.find((name) => !all.some((role) => role.name === name));
  if (unknown !== undefined) {
    throw new WeirError("USAGE_ROLE", `There is no role "${unknown}"`, {
      hint: `Say one of ${all.map(({ name }) => name).join(", ")}`,
    });
  }
  return names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
}
