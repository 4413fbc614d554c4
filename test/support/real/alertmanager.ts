/** Alertmanager of Debian: one on loopback for one test. */
import { freePort } from "../temp.ts";
import { isFile, type Say, sayOnStderr, unpackedCommand, unpackedPackage } from "./install.ts";
import { answers, runFolder, Server, type StartOptions } from "./instance.ts";

/** Starts one with this configuration on a port and data of its own. `address` is its URL. */
export async function startAlertmanager(
  options: StartOptions & { config: string },
): Promise<Server> {
  const { config, say = sayOnStderr } = options;
  const name = "prometheus-alertmanager";
  const alertmanager = await unpackedCommand(name, name, say);
  await putTemplates(say);
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

/** Debian's build reads its templates at this path alone, wherever it runs from. */
const TEMPLATES = "/usr/share/prometheus/alertmanager";

async function putTemplates(say: Say): Promise<void> {
  if (isFile(`${TEMPLATES}/default.tmpl`)) return;
  if (Deno.uid() !== 0) {
    throw new Error(
      `${TEMPLATES} is missing. Run as root: apt-get install -y prometheus-alertmanager`,
    );
  }
  const unpacked = await unpackedPackage("prometheus-alertmanager", say);
  await Deno.mkdir(TEMPLATES, { recursive: true });
  for await (const { name } of Deno.readDir(`${unpacked}${TEMPLATES}`)) {
    if (!name.endsWith(".tmpl")) continue;
    // Another run may do the same: each file is there whole or not at all.
    const part = `${TEMPLATES}/${name}.${crypto.randomUUID()}`;
    await Deno.copyFile(`${unpacked}${TEMPLATES}/${name}`, part);
    await Deno.rename(part, `${TEMPLATES}/${name}`);
  }
}
