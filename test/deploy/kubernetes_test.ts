/**
 * The Kubernetes manifests: every object is valid for the API's own schema, refers only to what is there, and its
 * settings are settings of the program. No cluster is there to run them; docs/operations/kubernetes.md says so.
 */
import assert from "node:assert/strict";
import { parseAllDocuments } from "yaml";
import { SPECIFICATIONS } from "../../cli/specifications.ts";
import { loadSettings } from "../../core/config/load.ts";
import { cached, needCommand, sayOnStderr } from "../support/real/install.ts";
import { run } from "../support/process.ts";

const FOLDER = new URL("../../deploy/kubernetes/", import.meta.url).pathname;
const KUBERNETES = "1.31";
const VALIDATE = "kubernetes-validate==1.37.0";

// deno-lint-ignore no-explicit-any
type Manifest = any;

function manifests(): Manifest[] {
  return [...Deno.readDirSync(FOLDER)].filter(({ name }) => name.endsWith(".yaml")).flatMap(
    ({ name }) =>
      parseAllDocuments(Deno.readTextFileSync(FOLDER + name)).map((document) => {
        assert.deepEqual(document.errors, [], name);
        return document.toJS();
      }),
  );
}

Deno.test("Kubernetes: every object is valid for the API's schema", async () => {
  await needCommand("python3", "python3-venv", sayOnStderr);
  const venv = await cached("kubernetes-validate-1.37.0-1", sayOnStderr, async (folder) => {
    await run("python3", ["-m", "venv", `${folder}/venv`]);
    await run(`${folder}/venv/bin/pip`, ["install", "-q", VALIDATE]);
  });
  const validate = `${venv}/venv/bin/kubernetes-validate`;
  for (const { name } of Deno.readDirSync(FOLDER)) {
    if (!name.endsWith(".yaml")) continue;
    console.log((await run(validate, ["-k", KUBERNETES, "--strict", FOLDER + name])).trim());
  }
});

Deno.test("Kubernetes: config maps, volumes and selectors fit together, and settings are settings", () => {
  const all = manifests();
  const maps = new Map(
    all.filter(({ kind }) => kind === "ConfigMap").map((map) => [map.metadata.name, map]),
  );
  const workloads = all.filter(({ kind }) => kind === "DaemonSet" || kind === "Deployment");
  assert.equal(workloads.length, 3);
  for (const { metadata, spec } of workloads) {
    const pod = spec.template.spec;
    for (const [key, value] of Object.entries(spec.selector.matchLabels)) {
      assert.equal(spec.template.metadata.labels[key], value, `${metadata.name}: ${key}`);
    }
    const volumes = pod.volumes.map((volume: { name: string }) => volume.name);
    for (const mount of pod.containers[0].volumeMounts) {
      assert.ok(volumes.includes(mount.name), `${metadata.name} mounts ${mount.name}`);
    }
    const program = metadata.name.replace("weir-", "");
    const text = maps.get(metadata.name).data[`${program}.yaml`];
    const env: Record<string, string> = { NODE_NAME: "node1", POD_NAME: "pod1" };
    const settings = loadSettings(SPECIFICATIONS[program].schema, text, {
      name: metadata.name,
      env: (name) => env[name],
    }) as { listen: string };
    const { containerPort } = pod.containers[0].ports[0];
    assert.equal(settings.listen, `0.0.0.0:${containerPort}`);
    assert.equal(spec.template.metadata.annotations["prometheus.io/port"], String(containerPort));
    assert.equal(pod.containers[0].securityContext.readOnlyRootFilesystem, true);
  }
});
