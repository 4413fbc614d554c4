/**
 * Puts servers for tests under the user's cache folder, one folder a name and version, once. A marker is written last,
 * so a broken install is made anew; a lock keeps two runs from doing it at once. What cannot be installed is an error
 * that says which command would.
 */

export type Say = (text: string) => void;

/** The folder of everything that tests download or build. */
export function cacheFolder(): string {
  const home = Deno.env.get("HOME") ?? "/tmp";
  return `${Deno.env.get("XDG_CACHE_HOME") ?? `${home}/.cache`}/weir-test`;
}

/** The folder of `name`, made by `make` where it is not complete. */
export async function installed(
  name: string,
  say: Say,
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const folder = `${cacheFolder()}/${name}`;
  await Deno.mkdir(cacheFolder(), { recursive: true });
  using lock = await Deno.open(`${folder}.lock`, { create: true, write: true });
  await lock.lock(true);
  if (await exists(`${folder}/.complete`)) return folder;
  const since = performance.now();
  say(`installing ${name}`);
  await Deno.remove(folder, { recursive: true }).catch(() => {}); // it may not be there
  await Deno.mkdir(folder, { recursive: true });
  await make(folder);
  await Deno.writeTextFile(`${folder}/.complete`, "");
  say(`installed ${name} in ${((performance.now() - since) / 1000).toFixed(0)} s`);
  return folder;
}

export async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/** Runs a command to its end; rejects with the end of what it said. */
export async function run(
  command: string,
  args: string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<string> {
  let result: Deno.CommandOutput;
  try {
    result = await new Deno.Command(command, { args, stdin: "null", ...options }).output();
  } catch (error) {
    throw new Error(`Cannot run ${command}: ${(error as Error).message}`);
  }
  const out = new TextDecoder().decode(result.stdout),
    err = new TextDecoder().decode(result.stderr);
  if (!result.success) {
    throw new Error(
      `${command} ${args.join(" ")} failed:\n${`${out}\n${err}`.trim().slice(-3000)}`,
    );
  }
  return out;
}

let updated = false;

/** Sees that programs are there, from Debian packages where they are not. Rejects with the command that a person runs. */
export async function debian(packages: Record<string, string>, say: Say): Promise<void> {
  const missing: string[] = [];
  for (const [program, name] of Object.entries(packages)) {
    if (!(await onPath(program))) missing.push(name);
  }
  if (missing.length === 0) return;
  const names = [...new Set(missing)];
  const command = `apt-get install -y --no-install-recommends ${names.join(" ")}`;
  if (Deno.uid() !== 0 || !(await onPath("apt-get"))) {
    throw new Error(`Tests need ${names.join(", ")}. Run as root: ${command}`);
  }
  say(`installing ${names.join(", ")}`);
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  if (!updated) await run("apt-get", ["update", "-qq"], { env });
  updated = true;
  await run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...names], { env });
}

/** True where the shell would find the program, or where it is an absolute path. */
export async function onPath(program: string): Promise<boolean> {
  if (program.startsWith("/")) return await exists(program);
  for (const folder of (Deno.env.get("PATH") ?? "").split(":")) {
    if (await exists(`${folder}/${program}`)) return true;
  }
  return false;
}

/** Rejects with what to do where a tool that the project cannot install is not there. */
export async function needed(program: string, what: string): Promise<void> {
  if (!(await onPath(program))) throw new Error(`Tests need ${program}: ${what}`);
}

/** Fetches an artifact with everything that it needs at run time into `folder`/lib, by Maven. */
export async function maven(folder: string, artifacts: readonly string[]): Promise<void> {
  await needed("mvn", "apt-get install -y maven");
  const dependencies = artifacts.map((artifact) => {
    const [group, name, version] = artifact.split(":");
    return `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`;
  });
  await Deno.writeTextFile(
    `${folder}/pom.xml`,
    `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>test</groupId><artifactId>servers</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>${dependencies.join("")}</dependencies></project>`,
  );
  await run("mvn", [
    "-B",
    "-q",
    "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies",
    "-DincludeScope=runtime",
    `-DoutputDirectory=${folder}/lib`,
  ], { cwd: folder });
}
