/** MinIO, an S3 server, built once from its Go module: for tests alone, it is never part of what is shipped (AGPL). */
import { AwsClient } from "aws4fetch";
import { findCommand, run } from "../process.ts";
import { freePort, removeAll } from "../temp.ts";
import { cached, type Say, sayOnStderr } from "./install.ts";
import { answers, runFolder, Server, type StartOptions } from "./instance.ts";

const VERSION = "v0.0.0-20260212201848-7aac2a2c5b7c";
const MODULE = "github.com/minio/minio";

export interface S3Access {
  endpoint: string;
  region: string;
  bucket: string;
  accessKey: string;
  secretKey: string;
}

/** Builds it where it is not yet; returns its path. */
export async function installMinio(say: Say): Promise<string> {
  const home = await cached(`minio-${VERSION.slice(-12)}-1`, say, async (folder) => {
    if (findCommand("go") === undefined) {
      throw new Error(
        "Cannot build MinIO: no go on the PATH. Install Go 1.24 or newer: https://go.dev/dl",
      );
    }
    say("building MinIO: 2 to 5 minutes on two cores, once");
    const work = `${folder}/build`;
    await Deno.mkdir(work);
    await Deno.writeTextFile(`${work}/go.mod`, "module weir/minio\n");
    const options = { cwd: work, env: { GOFLAGS: "-mod=mod -buildvcs=false", CGO_ENABLED: "0" } };
    await run("go", ["get", `${MODULE}@${VERSION}`], options);
    const build = ["build", "-trimpath", "-ldflags", "-s -w", "-o", `${folder}/minio`, MODULE];
    await run("go", build, options);
    await removeAll(work);
  });
  return `${home}/minio`;
}

/** Starts a server on a port and data of its own, with one bucket. */
export async function startMinio(
  options: StartOptions = {},
): Promise<{ server: Server; access: S3Access }> {
  const minio = await installMinio(options.say ?? sayOnStderr), folder = await runFolder("minio");
  const listen = `127.0.0.1:${freePort()}`, endpoint = `http://${listen}`;
  const access = {
    endpoint,
    region: "us-east-1",
    bucket: "weir",
    accessKey: "weir-test",
    secretKey: "weir-test-secret",
  };
  const server = await Server.start({
    name: "minio",
    address: endpoint,
    folder,
    command: [minio, "server", `${folder}/data`, "--address", listen],
    env: {
      ...Deno.env.toObject(),
      HOME: folder,
      MINIO_ROOT_USER: access.accessKey,
      MINIO_ROOT_PASSWORD: access.secretKey,
      MINIO_UPDATE: "off",
      MINIO_BROWSER: "off",
    },
    keep: options.keep,
    ready: () => answers(`${endpoint}/minio/health/ready`),
    readyTimeoutMs: 30_000,
  });
  const { accessKey: accessKeyId, secretKey: secretAccessKey, region } = access;
  const client = new AwsClient({ accessKeyId, secretAccessKey, region, service: "s3" });
  const answer = await client.fetch(`${endpoint}/${access.bucket}`, { method: "PUT" });
  const text = await answer.text();
  if (!answer.ok) {
    await server.remove();
    throw new Error(`MinIO makes no bucket: ${answer.status} ${text}`);
  }
  return { server, access };
}
