/**
 * InfluxDB 2 without its web page, built once from its Go module, its query language Flux in Rust with it: there is no
 * package of it. The build takes some minutes; needed are go, cargo and a C compiler.
 */
import { findCommand, run } from "../process.ts";
import { freePort, removeAll } from "../temp.ts";
import { cached, needCommand, type Say, sayOnStderr } from "./install.ts";
import { answers, runFolder, Server, type StartOptions } from "./instance.ts";

const VERSION = "2.7.12";
const GO_MOD = `module weir/influxdb
go 1.23.0
require github.com/influxdata/influxdb/v2 v${VERSION}
// A replacement counts in the main module alone, so the server's own stands here again.
replace github.com/nats-io/nats-streaming-server v0.11.2 => \
github.com/influxdata/nats-streaming-server v0.11.3-0.20201112040610-c277f7560803
`;
const TOOLS_GO = `//go:build tools

package tools

import _ "github.com/influxdata/influxdb/v2/cmd/influxd/launcher"
`;
// Flux denies the warnings of a compiler that is older than the one here.
const RUSTC = `#!/bin/sh
compiler=$1
shift
case " $* " in
*" --cap-lints "*) exec "$compiler" "$@" ;;
*) exec "$compiler" "$@" --cap-lints warn ;;
esac
`;
const ACCESS = { org: "weir", bucket: "test", token: "weir-test-token" };

export interface InfluxdbServer {
  server: Server;
  access: { url: string; org: string; bucket: string; token: string };
}

/** Builds influxd where it is not yet; returns its path. */
export async function installInfluxdb(say: Say): Promise<string> {
  const home = await cached(`influxdb-${VERSION}-1`, say, (folder) => build(folder, say));
  return `${home}/influxd`;
}

/** Compilers that Debian has too old, and how a person gets them. */
const COMPILERS = [
  ["go", "Go 1.23 or newer: https://go.dev/dl"],
  ["cargo", "Rust 1.72 or newer: curl https://sh.rustup.rs | sh"],
];

async function build(folder: string, say: Say): Promise<void> {
  for (const [command, how] of COMPILERS) {
    if (findCommand(command) !== undefined) continue;
    throw new Error(
      `Cannot build InfluxDB: no ${command} on the PATH. Install ${how}; or name a running server ` +
        "in WEIR_TEST_INFLUXDB as url|org|bucket|token",
    );
  }
  await needCommand("gcc", "gcc", say);
  say("building InfluxDB: 5 to 12 minutes on two cores, once");
  const pkgConfig = await needCommand("pkg-config", "pkg-config", say);
  const work = `${folder}/build`, tool = `${work}/tool`;
  for (const name of [work, tool, `${work}/real`]) await Deno.mkdir(name);
  await Deno.writeTextFile(`${work}/go.mod`, GO_MOD);
  await Deno.writeTextFile(`${work}/tools.go`, TOOLS_GO);
  await Deno.writeTextFile(`${work}/rustc`, RUSTC, { mode: 0o755 });
  // Flux's own pkg-config builds Flux and asks the next pkg-config on the PATH for the rest: that must be the real one.
  await Deno.symlink(await Deno.realPath(pkgConfig), `${work}/real/pkg-config`);
  await run("go", ["install", "github.com/influxdata/pkg-config@v0.2.7"], {
    cwd: work,
    env: { GOBIN: tool, GOFLAGS: "-buildvcs=false" },
  });
  const env: Record<string, string> = {
    GOFLAGS: "-mod=mod -buildvcs=false",
    RUSTC_WRAPPER: `${work}/rustc`,
    PKG_CONFIG: `${tool}/pkg-config`,
    PATH: `${tool}:${work}/real:${Deno.env.get("PATH")}`,
  };
  if (findCommand("rustup") !== undefined && !Deno.env.get("RUSTUP_TOOLCHAIN")) {
    // Flux pins a compiler that need not be here.
    env.RUSTUP_TOOLCHAIN = (await run("rustup", ["default"])).split(/\s/)[0];
  }
  await run("go", ["mod", "tidy"], { cwd: work, env });
  await run("go", [
    "build",
    "-o",
    `${folder}/influxd`,
    "-ldflags",
    `-s -w -X main.version=v${VERSION}`,
    "-tags",
    "sqlite_foreign_keys,sqlite_json",
    "github.com/influxdata/influxdb/v2/cmd/influxd",
  ], { cwd: work, env });
  await removeAll(work);
}

/** Starts a server on a port and data of its own, with an organisation, a bucket and a token that may do all. */
export async function startInfluxdb(options: StartOptions = {}): Promise<InfluxdbServer> {
  const influxd = await installInfluxdb(options.say ?? sayOnStderr);
  const folder = await runFolder("influxdb");
  const listen = `127.0.0.1:${freePort()}`, url = `http://${listen}`;
  const server = await Server.start({
    name: "influxdb",
    address: url,
    folder,
    command: [
      influxd,
      `--bolt-path=${folder}/bolt`,
      `--sqlite-path=${folder}/sqlite`,
      `--engine-path=${folder}/engine`,
      `--http-bind-address=${listen}`,
      "--reporting-disabled",
    ],
    keep: options.keep,
    ready: () => answers(`${url}/health`),
    readyTimeoutMs: 30_000,
    stopTimeoutMs: 5_000,
  });
  const answer = await fetch(`${url}/api/v2/setup`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username: "weir", password: "weir-test-password", ...ACCESS }),
  });
  const text = await answer.text();
  if (!answer.ok) {
    await server.remove();
    throw new Error(`InfluxDB refuses its setup: ${answer.status} ${text}`);
  }
  return { server, access: { url, ...ACCESS } };
}
