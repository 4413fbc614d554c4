/**
 * InfluxDB 2.7.12 built from the Go module proxy (its query engine's Rust part from crates), on loopback. The build takes
 * some minutes, once.
 */
import { debian, installed, needed, run, type Say } from "./install.ts";
import { freePort, respondsOk, Server } from "./server.ts";

export const INFLUXDB_VERSION = "2.7.12";

const GO_MOD = `module test/influxdb
go 1.23.0
require github.com/influxdata/influxdb/v2 v${INFLUXDB_VERSION}
replace github.com/nats-io/nats-streaming-server v0.11.2 => github.com/influxdata/nats-streaming-server v0.11.3-0.20201112040610-c277f7560803
`;
const TOOLS = `//go:build tools

package tools

import _ "github.com/influxdata/influxdb/v2/cmd/influxd/launcher"
`;
/** The module denies warnings that newer compilers have; this caps them. */
const RUSTC = `#!/bin/sh
compiler=$1
shift
case " $* " in
  *" --cap-lints "*) exec "$compiler" "$@" ;;
  *) exec "$compiler" "$@" --cap-lints warn ;;
esac
`;

export async function installInfluxdb(say: Say): Promise<string> {
  await debian({ "/usr/bin/pkg-config": "pkg-config", gcc: "gcc" }, say);
  await needed("go", "install Go 1.23 or newer, https://go.dev/dl/");
  await needed("cargo", "install Rust, https://rustup.rs");
  return await installed(`influxdb-${INFLUXDB_VERSION}`, say, async (folder) => {
    const build = `${folder}/build`;
    await Deno.mkdir(`${build}/real`, { recursive: true });
    await Deno.writeTextFile(`${build}/go.mod`, GO_MOD);
    await Deno.writeTextFile(`${build}/tools.go`, TOOLS);
    await Deno.writeTextFile(`${build}/rustc-wrapper`, RUSTC, { mode: 0o755 });
    // Their pkg-config compiles the Rust part and asks the next one on the path for the rest: that must be Debian's.
    await Deno.symlink("/usr/bin/pkg-config", `${build}/real/pkg-config`);
    await run("go", ["install", "github.com/influxdata/pkg-config@v0.2.7"], {
      env: { GOBIN: `${build}/tool`, GOFLAGS: "-buildvcs=false" },
      cwd: build,
    });
    const env: Record<string, string> = {
      GOFLAGS: "-mod=mod -buildvcs=false",
      RUSTC_WRAPPER: `${build}/rustc-wrapper`,
      PKG_CONFIG: `${build}/tool/pkg-config`,
      PATH: `${build}/tool:${build}/real:${Deno.env.get("PATH")}`,
    };
    const toolchain = Deno.env.get("RUSTUP_TOOLCHAIN") ?? await defaultToolchain();
    if (toolchain !== "") env.RUSTUP_TOOLCHAIN = toolchain;
    await run("go", ["mod", "tidy"], { cwd: build, env });
    const tags = "sqlite_foreign_keys,sqlite_json";
    const target = "github.com/influxdata/influxdb/v2/cmd/influxd";
    await run("go", [
      "build",
      "-o",
      `${folder}/influxd`,
      "-ldflags",
      "-s -w",
      "-tags",
      tags,
      target,
    ], { cwd: build, env });
    await Deno.remove(build, { recursive: true });
  });
}

/** The module asks for an old Rust that is not there: the installed one does. */
async function defaultToolchain(): Promise<string> {
  const said = await run("rustup", ["default"]).catch(() => ""); // cargo may be there without rustup
  return said.split(/\s/)[0];
}

export interface RunningInfluxdb {
  url: string;
  org: string;
  token: string;
  server: Server;
}

export async function startInfluxdb(folder: string, say: Say): Promise<RunningInfluxdb> {
  const home = await installInfluxdb(say);
  const port = freePort(), url = `http://127.0.0.1:${port}`;
  const server = new Server({
    name: "influxdb",
    command: `${home}/influxd`,
    args: [
      `--bolt-path=${folder}/bolt`,
      `--sqlite-path=${folder}/sqlite`,
      `--engine-path=${folder}/engine`,
      `--http-bind-address=127.0.0.1:${port}`,
      "--reporting-disabled",
    ],
    folder,
    ready: () => respondsOk(`${url}/health`),
  });
  await server.start();
  const org = "test", token = "test-token";
  const answer = await fetch(`${url}/api/v2/setup`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      username: "test",
      password: "test-password",
      org,
      bucket: "test",
      token,
    }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`InfluxDB refused its set-up: ${answer.status} ${text}`);
  return { url, org, token, server };
}
