/**
 * Installing what the tests run: once, into a cache that later runs and other checkouts share. A folder of the cache
 * counts only when its marker, written last, is there; a lock keeps two runs from making it at once. What cannot be
 * installed is an error that names the command which does it; nothing is skipped.
 */
import { findCommand, run } from "../process.ts";
import { removeAll } from "../temp.ts";

/** Gets one line of progress at a time. */
export type Say = (text: string) => void;

export const sayOnStderr: Say = (text) => console.error(text);

/** Where installed servers are kept: `weir-test` in the user's cache folder. */
export function cacheRoot(): string {
  const home = Deno.env.get("XDG_CACHE_HOME") ?? `${Deno.env.get("HOME") ?? "/tmp"}/.cache`;
  return `${home}/weir-test`;
}

/**
 * The cache's folder of that name, made by `make` where it is not complete. Returns its path. A name ends with the
 * revision of how it is laid out, so that a newer checkout does not take an older one's folder.
 */
export async function cached(
  name: string,
  say: Say,
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const folder = `${cacheRoot()}/${name}`, marker = `${folder}/.complete`;
  if (isFile(marker)) return folder;
  await Deno.mkdir(cacheRoot(), { recursive: true });
  await withLock(`${cacheRoot()}/${name}.lock`, async () => {
    if (isFile(marker)) return; // another run has made it while we waited
    const since = performance.now();
    say(`installing ${name}`);
    await removeAll(folder);
    await Deno.mkdir(folder);
    await make(folder);
    await Deno.writeTextFile(marker, "");
    say(`installed ${name} in ${((performance.now() - since) / 1000).toFixed(0)} s`);
  });
  return folder;
}

/** Runs `work` while no other process holds the lock file. */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  using file = await Deno.open(path, { create: true, write: true });
  await file.lock(true);
  return await work();
}

/**
 * Copies the runtime jars of Maven coordinates `group:artifact:version`, and all that they need, into `folder`/lib.
 * @param leftOut what is not to be had or not wanted of that, `group:artifact`, * for any
 */
export async function mavenJars(
  folder: string,
  coordinates: readonly string[],
  say: Say,
  leftOut: readonly string[] = [],
): Promise<void> {
  await needCommand("mvn", "maven", say);
  const exclusions = leftOut.map((one) => {
    const [group, artifact] = one.split(":");
    return `<exclusion><groupId>${group}</groupId><artifactId>${artifact}</artifactId></exclusion>`;
  });
  const dependencies = coordinates.map((one) => {
    const [group, artifact, version] = one.split(":");
    return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId>` +
      `<version>${version}</version><exclusions>${exclusions.join("")}</exclusions></dependency>`;
  });
  await Deno.writeTextFile(
    `${folder}/pom.xml`,
    `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>weir</groupId><artifactId>test</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>${dependencies.join("\n")}</dependencies></project>\n`,
  );
  await run("mvn", [
    "-B",
    "-q",
    "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies",
    "-DincludeScope=runtime",
    `-DoutputDirectory=${folder}/lib`,
  ], { cwd: folder });
}

/** The path of a command; installs its Debian package where it is not there and this user may. */
export async function needCommand(command: string, debian: string, say: Say): Promise<string> {
  const found = findCommand(command);
  if (found !== undefined) return found;
  await withAptLists(say, `apt-get install -y ${debian}`, () => aptInstall(debian, say));
  const path = findCommand(command);
  if (path === undefined) throw new Error(`The Debian package ${debian} has no ${command}`);
  return path;
}

async function aptInstall(debian: string, say: Say): Promise<void> {
  if (Deno.uid() !== 0) throw new Error(`Cannot install the Debian package ${debian}: not root`);
  say(`installing the Debian package ${debian}`);
  await run("apt-get", [
    "install",
    "-y",
    "-qq",
    "--no-install-recommends",
    "-o",
    "DPkg::Lock::Timeout=300",
    debian,
  ], { env: { DEBIAN_FRONTEND: "noninteractive" } });
}

/**
 * The path of a command that a Debian package holds. Where it is not on the PATH the package is unpacked in the cache,
 * not installed: no service starts, and no root is needed.
 */
export async function unpackedCommand(command: string, debian: string, say: Say): Promise<string> {
  const found = findCommand(command);
  if (found !== undefined) return found;
  return `${await unpackedPackage(debian, say)}/usr/bin/${command}`;
}

/** The folder in the cache where a Debian package is unpacked. */
export async function unpackedPackage(debian: string, say: Say): Promise<string> {
  return await cached(`debian-${debian}-1`, say, async (folder) => {
    await withAptLists(say, `apt-get install -y ${debian}`, async () => {
      await run("apt-get", ["download", "-qq", debian], { cwd: folder });
    });
    for await (const { name } of Deno.readDir(folder)) {
      if (name.endsWith(".deb")) await run("dpkg-deb", ["-x", name, "."], { cwd: folder });
    }
  });
}

let listsUpdated = false;

/**
 * Runs apt work, one after the other on a machine; where it fails, once more with new package lists. Throws with the
 * command that a person can run.
 */
async function withAptLists(say: Say, command: string, work: () => Promise<void>): Promise<void> {
  const hint = `Run as root: apt-get update && ${command}`;
  if (findCommand("apt-get") === undefined) throw new Error(`There is no apt-get here. ${hint}`);
  await Deno.mkdir(cacheRoot(), { recursive: true });
  await withLock(`${cacheRoot()}/apt.lock`, async () => {
    try {
      return await work();
    } catch (error) {
      if (listsUpdated || Deno.uid() !== 0) throw new Error(`${textOf(error)}\n${hint}`);
    }
    listsUpdated = true;
    say("apt-get update");
    try {
      await run("apt-get", ["update", "-qq"]);
      await work();
    } catch (error) {
      throw new Error(`${textOf(error)}\n${hint}`);
    }
  });
}

/** The version of each Java here and its home, newest first. */
function javaHomes(): [version: number, home: string][] {
  const homes = [Deno.env.get("JAVA_HOME") ?? ""];
  const onPath = findCommand("java");
  if (onPath !== undefined) homes.push(Deno.realPathSync(onPath).replace(/\/bin\/java$/, ""));
  try {
    for (const { name } of Deno.readDirSync("/usr/lib/jvm")) homes.push(`/usr/lib/jvm/${name}`);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const found = homes.map((home): [number, string] => {
    if (!isFile(`${home}/release`) || !isFile(`${home}/bin/java`)) return [0, home];
    const release = Deno.readTextFileSync(`${home}/release`);
    return [Number(/JAVA_VERSION="(\d+)/.exec(release)?.[1] ?? 0), home];
  });
  return found.filter(([version]) => version > 0).sort(([a], [b]) => b - a);
}

/** The `java` for Kafka: the oldest here that is 17 or more, else Debian's. */
export async function kafkaJava(say: Say): Promise<string> {
  const find = () => javaHomes().findLast(([version]) => version >= 17)?.[1];
  const debian = "openjdk-17-jre-headless";
  if (find() === undefined) {
    await withAptLists(say, `apt-get install -y ${debian}`, () => aptInstall(debian, say));
  }
  const home = find();
  if (home === undefined) {
    throw new Error(`The Debian package ${debian} left no Java of 17 or more`);
  }
  return `${home}/bin/java`;
}

const JDK_PACKAGES = ["openjdk-21-jdk-headless", "openjdk-25-jdk-headless", "temurin-25-jdk"];

/** Home of a JDK of version 21 or newer, with javac: Elasticsearch needs it. */
export async function jdkHome(say: Say): Promise<string> {
  const find = () =>
    javaHomes().find(([version, home]) => version >= 21 && isFile(`${home}/bin/javac`))?.[1];
  const home = find();
  if (home !== undefined) return home;
  for (const debian of JDK_PACKAGES) {
    if (Deno.uid() !== 0 || findCommand("apt-cache") === undefined) break;
    if (!/Candidate: \d/.test(await run("apt-cache", ["policy", debian]))) continue;
    await withAptLists(say, `apt-get install -y ${debian}`, () => aptInstall(debian, say));
    const installed = find();
    if (installed !== undefined) return installed;
  }
  throw new Error(
    "No JDK of version 21 or newer is in /usr/lib/jvm or JAVA_HOME. Run as root: apt-get install " +
      `-y ${JDK_PACKAGES[0]}, or install one from https://adoptium.net and set JAVA_HOME`,
  );
}

export function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false; // it is not there
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
