/** etcd from Debian, one node, on loopback. */
import { debian, type Say } from "./install.ts";
import { freePort, respondsOk, Server } from "./server.ts";

export async function installEtcd(say: Say): Promise<void> {
  await debian({ etcd: "etcd-server" }, say);
}

export interface RunningEtcd {
  url: string;
  server: Server;
}

export async function startEtcd(folder: string, say: Say): Promise<RunningEtcd> {
  await installEtcd(say);
  const url = `http://127.0.0.1:${freePort()}`, peer = `http://127.0.0.1:${freePort()}`;
  const server = new Server({
    name: "etcd",
    command: "etcd",
    args: [
      "--name=test",
      `--data-dir=${folder}/data`,
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=test=${peer}`,
    ],
    // It reads ETCD_… variables, which a person's shell may have.
    clearEnv: true,
    env: { PATH: Deno.env.get("PATH") ?? "/usr/bin" },
    folder,
    ready: () => respondsOk(`${url}/health`),
  });
  await server.start();
  return { url, server };
}
