/** What a release ships: executables that say their version, are not too large, and are the same from two builds. */
import assert from "node:assert/strict";
import { sbom, sha256Sums } from "../../deploy/release.ts";
import { distFolder } from "../support/dist.ts";
import { run } from "../support/process.ts";
import { tempDir } from "../support/temp.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const PROGRAMS = ["weir", "weir-agent", "weir-transfer", "weir-monitor"];
const BYTES_MAX = 100e6;

function dist(): string {
  return distFolder("npm test -- deploy");
}

Deno.test("release: every executable says its version and has 100 MB at most", async () => {
  for (const program of PROGRAMS) {
    const since = performance.now();
    // bash's own clock of what its children took: on a loaded machine the time that passes says little.
    const timed = `TIMEFORMAT='%3U + %3S'; time "$0" --version`;
    const said = await run("bash", ["-c", `{ ${timed}; } 2>&1`, `${dist()}/${program}`]);
    const [version, cpu] = said.split("\n");
    assert.match(version, /^\d+\.\d+\.\d+$/);
    const { size } = await Deno.stat(`${dist()}/${program}`);
    console.log(
      `${program}: ${(size / 1e6).toFixed(1)} MB, --version in ${
        (performance.now() - since).toFixed(0)
      } ms, of CPU ${cpu} s`,
    );
    assert.ok(size <= BYTES_MAX, `${program} has ${size} bytes`);
  }
});

Deno.test("release: a second build in a folder of its own gives the same bytes", async () => {
  await using folder = await tempDir();
  await run("git", ["clone", "-q", "--no-local", ROOT, folder.join("checkout")])
    .catch(() => run("cp", ["-a", `${ROOT}.`, folder.join("checkout")]));
  // What is built is the working tree, committed or not.
  for (
    const part of ["agent", "cli", "core", "deploy", "grafana", "monitor", "search", "transfer"]
  ) {
    await run("rm", ["-rf", folder.join(`checkout/${part}`)]);
    await run("cp", ["-a", `${ROOT}${part}`, folder.join("checkout")]);
  }
  await Deno.copyFile(`${ROOT}package.json`, folder.join("checkout/package.json"));
  await Deno.copyFile(`${ROOT}deno.json`, folder.join("checkout/deno.json"));
  await Deno.symlink(`${ROOT}node_modules`, folder.join("checkout/node_modules"));
  await run(Deno.execPath(), ["run", "-A", "--quiet", "deploy/build.ts", "weir-agent"], {
    cwd: folder.join("checkout"),
    env: { ...Deno.env.toObject(), NO_COLOR: "1" },
  });
  const [first, second] = [dist(), folder.join("checkout/dist")];
  const names = ["weir-agent"];
  assert.equal(await sha256Sums(second, names), await sha256Sums(first, names));
});

Deno.test("release: sha256sum accepts the sums, and the SBOM names what is inside and no place of download", async () => {
  await using folder = await tempDir();
  await Deno.writeTextFile(folder.join("a"), "a");
  await Deno.writeTextFile(folder.join("SHA256SUMS"), await sha256Sums(folder.path, ["a"]));
  assert.equal(await run("sha256sum", ["-c", "SHA256SUMS"], { cwd: folder.path }), "a: OK\n");
  const document = JSON.parse(await sbom(ROOT));
  const names = document.components.map(({ name }: { name: string }) => name);
  for (const name of ["kafkajs", "etcd3", "@elastic/elasticsearch", "prom-client", "hono"]) {
    assert.ok(names.includes(name), name);
  }
  for (const development of ["playwright-core", "fast-check"]) {
    assert.ok(!names.includes(development));
  }
  assert.deepEqual(await sbom(ROOT), await sbom(ROOT));
});
