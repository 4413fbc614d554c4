/** etcd of Debian on loopback: one node, or several that keep their keys while most of them live. */
import { run } from "../process.ts";
import { freePort, removeAll } from "../temp.ts";
import { type Say, sayOnStderr, unpackedCommand } from "./install.ts";
import {
  answers,
  Cluster,
  runFolder,
  Server,
  type ServerPlan,
  type StartOptions,
} from "./instance.ts";

export interface EtcdOptions extends StartOptions {
  /** Added to its command line. */
  args?: readonly string[];
  /** PEM files with which it speaks TLS and asks clients for a certificate; the CN of that is a user. */
  tls?: { caFile: string; certFile: string; keyFile: string };
}

export interface EtcdClusterOptions extends EtcdOptions {
  /** An odd number. @default {3} */
  nodes?: number;
}

/** Gets etcd where it is not yet; returns its path. */
export async function installEtcd(say: Say): Promise<string> {
  return await unpackedCommand("etcd", "etcd-server", say);
}

/** Starts a node on a port and data of its own. `address` is its URL. */
export async function startEtcd(options: EtcdOptions = {}): Promise<Server> {
  const [plan] = await plans(1, options);
  return await Server.start(plan);
}

/** Starts nodes that form one cluster. The `address` of each is its URL. */
export async function startEtcdCluster(options: EtcdClusterOptions = {}): Promise<Cluster> {
  const all = await plans(options.nodes ?? 3, options);
  const cluster = await Cluster.start(all);
  cluster.nodes.forEach((node, i) => {
    const of = /^--(name|initial-advertise-peer-urls|initial-cluster)=/;
    MEMBERSHIP.set(node, all[i].command.filter((argument) => of.test(argument)));
  });
  return cluster;
}

/** What each node of a cluster was started with, to restore it. */
const MEMBERSHIP = new WeakMap<Server, readonly string[]>();

/** Puts a snapshot in the place of what the nodes hold, as an operator does; they are killed and started. */
export async function restoreEtcdCluster(cluster: Cluster, snapshot: string): Promise<void> {
  await Promise.all(cluster.nodes.map((node) => node.kill9()));
  const etcdctl = await unpackedCommand("etcdctl", "etcd-client", sayOnStderr);
  for (const node of cluster.nodes) {
    const data = `${node.folder}/data`;
    await removeAll(data);
    const args = ["snapshot", "restore", snapshot, `--data-dir=${data}`, ...MEMBERSHIP.get(node)!];
    await run(etcdctl, args, { env: { ETCDCTL_API: "3" } });
  }
  await Promise.all(cluster.nodes.map((node) => node.start()));
}

async function plans(count: number, options: EtcdOptions): Promise<ServerPlan[]> {
  const etcd = await installEtcd(options.say ?? sayOnStderr);
  const peers = Array.from({ length: count }, () => `http://127.0.0.1:${freePort()}`);
  const members = peers.map((peer, i) => `n${i + 1}=${peer}`).join(",");
  return await Promise.all(peers.map(async (peer, i) => {
    const folder = await runFolder("etcd");
    const { tls } = options, scheme = tls === undefined ? "http" : "https";
    const address = `${scheme}://127.0.0.1:${freePort()}`;
    // Health without a certificate.
    const metrics = `http://127.0.0.1:${freePort()}`;
    return {
      name: count === 1 ? "etcd" : `etcd node ${i + 1}`,
      address,
      folder,
      command: [
        etcd,
        `--name=n${i + 1}`,
        `--data-dir=${folder}/data`,
        `--listen-client-urls=${address}`,
        `--advertise-client-urls=${address}`,
        `--listen-peer-urls=${peer}`,
        `--initial-advertise-peer-urls=${peer}`,
        `--initial-cluster=${members}`,
        `--listen-metrics-urls=${metrics}`,
        ...tls === undefined ? [] : [
          "--client-cert-auth",
          `--trusted-ca-file=${tls.caFile}`,
          `--cert-file=${tls.certFile}`,
          `--key-file=${tls.keyFile}`,
        ],
        ...options.args ?? [],
      ],
      keep: options.keep,
      ready: () => answers(`${metrics}/health`),
      readyTimeoutMs: 30_000,
      stopTimeoutMs: 5_000,
    };
  }));
}
