/** etcd for `weir doctor`: does it answer, which version, may the key be read, and what does it hold. */
import type { Etcd3 } from "etcd3";
import { messageOf } from "../../core/errors.ts";
import { createEtcd, etcdError } from "../../core/etcd/client.ts";
import type { EtcdSettings } from "../../core/etcd/settings.ts";
import type { AgentSettings } from "../../agent/config.ts";
import { keysOf, placeOf } from "../../agent/source.ts";
import { parseEntries } from "../../agent/tail/entries.ts";
import { type Check, cross, type Finding, ok, warning } from "./check.ts";

const REACH = "Check that etcd runs and etcd.hosts is right.";

export function etcdCheck(settings: EtcdSettings, whose: string): Check {
  const name = `${settings.hosts.join(", ")} (${whose})`;
  return {
    link: "etcd",
    name,
    remedy: REACH,
    run: () =>
      withEtcd(settings, name, async (client) => {
        const { version } = await client.maintenance.status();
        return [ok("etcd", `${name}: version ${version}`)];
      }),
  };
}

/** The keys that say what this host tails. */
export function keyCheck(settings: AgentSettings): Check {
  const name = "what to tail";
  const run = async () => {
    const place = await placeOf(settings);
    return await withEtcd(settings.etcd, name, async (client) => {
      const found: Finding[] = [];
      let entries = 0, keys = 0;
      for (const { key } of keysOf(settings, place)) {
        const text = await client.get(key).string();
        if (text === null) continue;
        keys++;
        try {
          entries += parseEntries(text, key).length;
        } catch (error) {
          const remedy = `Correct the key: weir config edit, or etcdctl put ${key}`;
          found.push(cross("etcd", `key ${key}: ${messageOf(error)}`, remedy));
        }
      }
      if (found.length > 0) return found;
      return [sumFinding(keys, entries, keysOf(settings, place)[0].key)];
    });
  };
  return { link: "etcd", name, remedy: REACH, run };
}

function sumFinding(keys: number, entries: number, own: string): Finding {
  if (entries > 0) return ok("etcd", `${entries} entries to tail in ${keys} keys of this host`);
  const what = keys === 0 ? `no key for this host, not even ${own}` : "no entry for this host";
  return warning("etcd", what, `Write what to tail under ${own}, or set ip in the settings.`);
}

async function withEtcd(
  settings: EtcdSettings,
  name: string,
  ask: (client: Etcd3) => Promise<Finding[]>,
): Promise<Finding[]> {
  const client = createEtcd(settings);
  try {
    return await ask(client);
  } catch (error) {
    throw etcdError(error, `Cannot ask ${name}`);
  } finally {
    client.close();
  }
}
