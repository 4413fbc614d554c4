/** etcd of Debian: one node on loopback. */
import { freePort } from "../temp.ts";
import { type Say, sayOnStderr, unpackedCommand } from "./install.ts";
import { answers, runFolder, Server } from "./instance.ts";

export interface EtcdOptions {
  /** Added to its command line. */
  args?: readonly string[];
  say?: Say;
}

/** Gets etcd where it is not yet; returns its path. */
export async function installEtcd(say: Say): Promise<string> {
  return await unpackedCommand("etcd", "etcd-server", say);
}

/** Starts a node on a port and data of its own. `address` is its URL. */
export async function startEtcd(options: EtcdOptions = {}): Promise<Server> {
  const etcd = await installEtcd(options.say ?? sayOnStderr);
  const folder = await runFolder("etcd");
  const address = `http://127.0.0.1:${freePort()}`, peer = `http://127.0.0.1:${freePort()}`;
  return await Server.start({
    name: "etcd",
    address,
    folder,
    command: [
      etcd,
      "--name=n1",
      `--data-dir=${folder}/data`,
      `--listen-client-urls=${address}`,
      `--advertise-client-urls=${address}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=n1=${peer}`,
      ...options.args ?? [],
    ],
    ready: () => answers(`${address}/health`),
    readyTimeoutMs: 30_000,
    stopTimeoutMs: 5_000,
  });
}
