/**
 * What each program may do in etcd: the least that it needs, as grants on keys and prefixes. Pure: who
 * makes the roles, or prints them, is the operator's command `weir etcd roles`.
 */
import {
  CANDIDATE_PREFIX,
  GROUP_OF_ALL,
  HISTORY_PREFIX,
  type KeyTemplates,
  QUESTION_PREFIX,
  targetKey,
} from "./keys.ts";

export interface Grant {
  permission: "read" | "readwrite";
  key: string;
  /** Everything that begins with the key, else the key alone. */
  prefix: boolean;
}

export interface Role {
  name: string;
  /** Who it is for, one sentence. */
  about: string;
  grants: Grant[];
}

export interface RoleKeys extends KeyTemplates {
  /** Prefix of registrations. */
  live: string;
  /** Prefix of what transfers decided of indices. */
  decisions: string;
}

/** One host, for an agent's role of its own. */
export interface RoleHost {
  /** What stands in the host's key. */
  name: string;
  /** Without the group of all, in which every agent is. */
  groups: readonly string[];
  /** Id of the agent, as `weir fleet --json` shows it; "" for any. */
  id: string;
}

const read = (key: string): Grant => ({ permission: "read", key, prefix: false });
const readAll = (key: string): Grant => ({ permission: "read", key, prefix: true });
const writeAll = (key: string): Grant => ({ permission: "readwrite", key, prefix: true });

/** A role for each program, and one for whoever runs the operator's commands. */
export function programRoles(keys: RoleKeys): Role[] {
  const { live, decisions, topics } = keys;
  const own = (program: string) => writeAll(`${live}${program}/`);
  return [
    {
      name: "weir-agent",
      about: "Any agent: reads what hosts tail, trials and questions; registers.",
      grants: [
        ...configurations(keys).map(readAll),
        readAll(CANDIDATE_PREFIX),
        readAll(QUESTION_PREFIX),
        own("agent"),
      ],
    },
    {
      name: "weir-transfer",
      about: "Transfers: read the rules of topics, decide names of indices; register.",
      grants: [read(topics), writeAll(decisions), own("transfer")],
    },
    { name: "weir-monitor", about: "Monitors: register.", grants: [own("monitor")] },
    {
      name: "weir-page",
      about: "Pages: read who is registered; register.",
      grants: [readAll(live), own("page")],
    },
    {
      name: "weir-operator",
      about: "Operators' commands: change configurations, try them, ask hosts.",
      grants: [
        ...configurations(keys).map(writeAll),
        { ...read(topics), permission: "readwrite" },
        writeAll(HISTORY_PREFIX),
        writeAll(CANDIDATE_PREFIX),
        writeAll(QUESTION_PREFIX),
        readAll(live),
      ],
    },
  ];
}

/** The role of one host's agent: its own and its groups' configurations, and no other's. */
export function hostRole(keys: RoleKeys, { name, groups, id }: RoleHost): Role {
  const targets = [...new Set([...groups, GROUP_OF_ALL])].map((group) => `group/${group}`);
  return {
    name: `weir-agent-${name}`,
    about: `The agent of ${name}: reads its own and its groups' configurations; registers.`,
    grants: [
      read(targetKey({ kind: "host", name }, keys)),
      ...targets.map((it) => read(targetKey({ kind: "group", name: it.slice(6) }, keys))),
      readAll(CANDIDATE_PREFIX),
      ...[`host/${name}`, ...targets].map((it) => readAll(`${QUESTION_PREFIX}${it}/`)),
      writeAll(`${keys.live}agent/${id}`),
    ],
  };
}

/** What the keys of hosts and groups begin with, each once and none within another. */
function configurations({ host, group }: KeyTemplates): string[] {
  const begins = [host, group].map((key) => key.split("{")[0].replace(/[^/]*$/, ""));
  return [...new Set(begins)].filter((one, _, all) =>
    !all.some((other) => other !== one && one.startsWith(other))
  );
}

/** The commands of etcdctl that make a role and its user, who logs in by certificate or password. */
export function etcdctlCommands({ name, grants }: Role): string[] {
  const quoted = (key: string) => /^[A-Za-z0-9_.\/:~-]+$/.test(key) ? key : `'${key}'`;
  return [
    `etcdctl role add ${name}`,
    ...grants.map(({ permission, key, prefix }) =>
      `etcdctl role grant-permission ${name} ${prefix ? "--prefix=true " : ""}${permission} ${
        quoted(key)
      }`
    ),
    `etcdctl user add ${name} --no-password`,
    `etcdctl user grant-role ${name} ${name}`,
  ];
}
