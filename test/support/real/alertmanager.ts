/** Alertmanager of Debian: one on loopback for one test. */
import { freePort } from "../temp.ts";
import { sayOnStderr, unpackedCommand } from "./install.ts";
import { answers, runFolder, Server, type StartOptions } from "./instance.ts";

/** Starts one with this configuration on a port and data of its own. `address` is its URL. */
export async function startAlertmanager(
  options: StartOptions & { config: string },
): Promise<Server> {
  const { config, say = sayOnStderr } = options;
  const name = "prometheus-alertmanager";
  const alertmanager = await unpackedCommand(name, name, say);
  const folder = await runFolder("alertmanager");
  const listen = `127.0.0.1:${freePort()}`;
  await Deno.writeTextFile(`${folder}/alertmanager.yml`, config);
  return await Server.start({
    name: "alertmanager",
    address: `http://${listen}`,
    folder,
    command: [
      alertmanager,
      `--config.file=${folder}/alertmanager.yml`,
      `--storage.path=${folder}/data`,
      `--web.listen-address=${listen}`,
      "--cluster.listen-address=",
    ],
    keep: options.keep,
    ready: () => answers(`http://${listen}/-/ready`),
    readyTimeoutMs: 30_000,
    stopTimeoutMs: 5_000,
  });
}
