/** Where the agent is told what to tail, and as whom it is known there. */
import { etcdInTurn, localAddress } from "../core/etcd/client.ts";
import type { EtcdSettings } from "../core/etcd/settings.ts";
import { type LayeredKey, LayeredSource } from "../core/etcd/layered_source.ts";
import { FileConfigSource } from "../core/config/file_source.ts";
import { WeirError } from "../core/errors.ts";
import { GROUP_OF_ALL, targetKey } from "../core/fleet/keys.ts";
import { logOf } from "../core/log.ts";
import { systemClock } from "../core/ports/clock.ts";
import type { ConfigSource } from "../core/ports/config_source.ts";
import { systemFiles } from "../core/system_files.ts";
import type { AgentSettings } from "./config.ts";

/** Who an agent is in etcd. */
export interface AgentPlace {
  /** Name of the host. */
  host: string;
  /** What {ip} means; empty where no key needs it. */
  ip: string;
  /** Own groups, and the one of all. */
  groups: string[];
}

/** Rejects with ETCD_ADDRESS_UNKNOWN where the address is needed and etcd cannot be reached. */
export async function placeOf(settings: AgentSettings): Promise<AgentPlace> {
  const { source, etcd } = settings;
  const host = settings.host === "" ? Deno.hostname() : settings.host;
  const needed = source.file === "" && etcd.hosts.length > 0 && source.key.includes("{ip}");
  const ip = settings.ip === "" && needed ? await anyLocalAddress(etcd) : settings.ip;
  const groups = source.groupKey === "" ? [] : [...new Set([...source.groups, GROUP_OF_ALL])];
  return { host, ip, groups };
}

/**
 * Throws CONFIG_INVALID where nothing says what to tail. `id`: as candidates name this agent; `onQuestion` hears of the
 * questions of `weir config plan`.
 */
export function createSource(
  settings: AgentSettings,
  place: AgentPlace,
  id: string,
  onQuestion?: (target: string, text: string) => void,
): ConfigSource {
  const { source, etcd } = settings;
  if (source.file !== "") return new FileConfigSource(source.file, systemFiles, systemClock);
  if (etcd.hosts.length === 0) {
    throw new WeirError(
      "CONFIG_INVALID",
      "Nothing says what to tail: neither etcd.hosts nor source.file is set",
      { hint: "Set etcd.hosts: [http://HOST:2379], or source.file: /etc/weir/collect.json" },
    );
  }
  const keys = keysOf(settings, place);
  logOf("agent").info("Asking etcd what to tail", { keys: keys.map(({ key }) => key).join(" ") });
  return new LayeredSource({
    connect: etcdInTurn(etcd),
    keys,
    prefix: source.key.split("{")[0].replace(/[^/]*$/, ""),
    id,
    clock: systemClock,
    timeoutMs: etcd.timeout,
    rereadMs: etcd.reread,
    onQuestion,
  });
}

/** The keys that concern this host, its own first. */
export function keysOf({ source }: AgentSettings, { host, ip, groups }: AgentPlace): LayeredKey[] {
  const own = source.key.replaceAll("{ip}", ip).replaceAll("{hostname}", host);
  const name = source.key.includes("{hostname}") ? host : ip;
  const templates = { host: "", group: source.groupKey, topics: "" };
  return [
    { target: `host/${name}`, key: own },
    ...groups.map((group) => ({
      target: `group/${group}`,
      key: targetKey({ kind: "group", name: group }, templates),
    })),
  ];
}

async function anyLocalAddress({ hosts, timeout }: EtcdSettings): Promise<string> {
  for (const [index, host] of hosts.entries()) {
    try {
      return await localAddress(host, timeout);
    } catch (error) {
      if (index === hosts.length - 1) {
        throw new WeirError(
          "ETCD_ADDRESS_UNKNOWN",
          `Cannot find out this host's own address: ${(error as Error).message}`,
          {
            hint: "Start etcd, or set ip: to the address that stands in this host's key.",
            retriable: true,
            cause: error,
          },
        );
      }
    }
  }
  return "";
}
