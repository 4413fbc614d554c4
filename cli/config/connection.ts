/** How the operator's commands reach etcd: a settings file, or --etcd; the keys are as the programs have them. */
import type { Command } from "commander";
import type { Etcd3 } from "etcd3";
import type { z } from "zod";
import { group, settings, text } from "../../core/config/fields.ts";
import { loadSettings } from "../../core/config/load.ts";
import { messageOf, WeirError } from "../../core/errors.ts";
import { etcdFields } from "../../core/etcd/settings.ts";
import { WellEtcd } from "../../core/etcd/well_etcd.ts";
import { ConfigStore } from "../../core/fleet/config_store.ts";
import { ANSWER_TOPIC } from "../../core/fleet/question_schema.ts";
import { keyFields } from "../../core/fleet/settings.ts";
import { kafkaFields } from "../../core/kafka/settings.ts";
import { readLive } from "../../core/fleet/live.ts";
import type { Registered } from "../../core/fleet/registration_schema.ts";

export const operatorSettings = settings({
  etcd: group(etcdFields, { description: "Connection to etcd." }),
  keys: group(keyFields, { description: "Keys in etcd." }),
  kafka: group(kafkaFields, { description: "Connection to Kafka, by which hosts answer." }),
  answers: text(ANSWER_TOPIC, { description: "Topic of the answers, as agents have it in plan." }),
});

export type OperatorSettings = z.output<typeof operatorSettings>;

export interface ConnectionOptions {
  config?: string;
  etcd?: string;
}

const DEFAULT_FILE = "/etc/weir/weir.yaml";

/** Adds --config and --etcd to a command. */
export function withConnection(command: Command): Command {
  return command
    .option("-c, --config <file>", `settings of the operator's commands (default: ${DEFAULT_FILE})`)
    .option("--etcd <hosts>", "addresses of etcd, with commas between; instead of the settings'");
}

export interface Connection {
  /** Of the host that answered first. */
  client: Etcd3;
  /** For what goes on for long. */
  etcd: WellEtcd;
  store: ConfigStore;
  settings: OperatorSettings;
  live: () => Promise<Registered[]>;
}

/** Rejects with CONFIG_UNREADABLE, CONFIG_INVALID; CONFIG_NO_ETCD where nothing says where etcd is; ETCD_… */
export async function connect(options: ConnectionOptions): Promise<Connection> {
  const found = readSettings(options.config);
  const given = options.etcd ?? Deno.env.get("WEIR_ETCD");
  if (given !== undefined) found.etcd.hosts = given.split(",").filter((host) => host !== "");
  if (found.etcd.hosts.length === 0) {
    throw new WeirError("CONFIG_NO_ETCD", "Nothing says where etcd is", {
      hint: `Say --etcd http://HOST:2379, or write etcd.hosts into ${DEFAULT_FILE}`,
    });
  }
  const { timeout } = found.etcd, etcd = new WellEtcd(found.etcd), client = await etcd.client();
  return {
    client,
    etcd,
    settings: found,
    store: new ConfigStore(client, found.keys, timeout),
    live: () => readLive(client, found.keys.live, timeout),
  };
}

/** The keys that the settings name; nothing is connected. Throws CONFIG_UNREADABLE, CONFIG_INVALID. */
export function operatorKeys(options: ConnectionOptions): OperatorSettings["keys"] {
  return readSettings(options.config).keys;
}

function readSettings(file: string | undefined): OperatorSettings {
  let source = "";
  try {
    source = Deno.readTextFileSync(file ?? DEFAULT_FILE);
  } catch (error) {
    if (file !== undefined || !(error instanceof Deno.errors.NotFound)) {
      throw new WeirError("CONFIG_UNREADABLE", `Cannot read "${file}": ${messageOf(error)}`, {
        hint: "Check the path, and that you may read it.",
      });
    }
  }
  return loadSettings(operatorSettings, source, {
    name: file ?? DEFAULT_FILE,
    env: (name) => Deno.env.get(name),
  });
}

/** user@host, for the history. */
export function whoAmI(): string {
  const user = Deno.env.get("SUDO_USER") ?? Deno.env.get("USER") ?? "root";
  return `${user}@${Deno.hostname()}`;
}
