/** Settings of the connection to etcd, as a program reads them. */
import { agentSettings } from "../../agent/config.ts";
import { loadSettings } from "../../core/config/load.ts";
import type { EtcdSettings } from "../../core/etcd/settings.ts";

/** The settings with what is given in the place of the defaults. */
export function etcdSettings(given: Record<string, unknown>): EtcdSettings {
  return loadSettings(agentSettings, JSON.stringify({ etcd: given }), { name: "test" }).etcd;
}
