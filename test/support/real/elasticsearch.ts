/**
 * Elasticsearch from Maven Central: one node on loopback, without security. Its distribution is on no package registry,
 * but the server, its HTTP module and the bridge of its entitlements are; four small classes in java/ stand for the
 * rest. It has fewer modules than the distribution: no ILM, painless, ingest processors, `_reindex`,
 * `_delete_by_query`.
 */
import { freePort, removeAll } from "../temp.ts";
import { run } from "../process.ts";
import { cached, isFile, jdkHome, mavenJars, type Say, sayOnStderr } from "./install.ts";
import { answers, runFolder, Server, serverEnv, type StartOptions } from "./instance.ts";

export const VERSION = "9.5.3";
const SOURCES = new URL("./java", import.meta.url).pathname;
const NETTY = "modules/transport-netty4";
const NOBODY = 65534;

export interface ElasticsearchOptions extends StartOptions {
  /** Added to elasticsearch.yml, over ours. */
  settings?: Record<string, unknown>;
  /** @default {512} */
  heapMb?: number;
  /** An installation with more modules. @default installElasticsearch()'s */
  home?: string;
  /** Files of its configuration folder beside ours, by name. */
  files?: Record<string, string>;
  /** Authorization header of the question whether it is ready. */
  authorization?: string;
}

/** Installs Elasticsearch where it is not yet; returns its home. */
export async function installElasticsearch(say: Say): Promise<string> {
  const jdk = await jdkHome(say);
  return await cached(`elasticsearch-${VERSION}-1`, say, async (home) => {
    await layOut(home, say);
    await unpackDescription(`${home}/${NETTY}`, "transport-netty4", jdk);
    await compile(home, jdk);
    await compilePlugin(home, jdk, "RootPlugin", "weir-root", "GET /");
    // It runs as another user than the one who installs it.
    await run("chmod", ["-R", "a+rX", home]);
  });
}

/** The folders of a distribution: lib is the module path of the server, modules hold what it loads as plugins. */
async function layOut(home: string, say: Say): Promise<void> {
  const folders = [
    "lib/entitlement-agent",
    "lib/entitlement-bridge",
    "lib/tools/ansi-console",
    "lib/platform/linux-x64",
    "plugins",
    NETTY,
  ];
  for (const name of folders) await Deno.mkdir(`${home}/${name}`, { recursive: true });
  const parts = {
    server: "org.elasticsearch:elasticsearch",
    netty: "org.elasticsearch.plugin:transport-netty4",
    bridge: "org.elasticsearch:elasticsearch-entitlement-bridge",
  };
  for (const [part, coordinates] of Object.entries(parts)) {
    await Deno.mkdir(`${home}/${part}`);
    await mavenJars(`${home}/${part}`, [`${coordinates}:${VERSION}`], say);
  }
  for await (const { name } of Deno.readDir(`${home}/server/lib`)) {
    await Deno.rename(`${home}/server/lib/${name}`, `${home}/lib/${name}`);
  }
  for await (const { name } of Deno.readDir(`${home}/netty/lib`)) {
    if (isFile(`${home}/lib/${name}`)) continue;
    await Deno.rename(`${home}/netty/lib/${name}`, `${home}/${NETTY}/${name}`);
  }
  const bridge = `elasticsearch-entitlement-bridge-${VERSION}.jar`;
  await Deno.rename(`${home}/bridge/lib/${bridge}`, `${home}/lib/entitlement-bridge/${bridge}`);
  for (const part of Object.keys(parts)) await removeAll(`${home}/${part}`);
  await Deno.copyFile(zstd(), `${home}/lib/platform/linux-x64/libzstd.so`);
}

/** The system's libzstd: without it an index with best_compression never gets its shards. */
function zstd(): string {
  for (const folder of ["/usr/lib/x86_64-linux-gnu", "/lib/x86_64-linux-gnu", "/usr/lib64"]) {
    if (isFile(`${folder}/libzstd.so.1`)) return `${folder}/libzstd.so.1`;
  }
  throw new Error("There is no libzstd.so.1. Run as root: apt-get install -y libzstd1");
}

/** A plugin's description and policy lie in its jar, which is in this folder; the server wants them beside it. */
export async function unpackDescription(folder: string, plugin: string, jdk: string) {
  const inJar = `META-INF/es-plugins/${plugin}`;
  await run(`${jdk}/bin/jar`, ["xf", `${plugin}-${VERSION}.jar`, inJar], { cwd: folder });
  for await (const { name } of Deno.readDir(`${folder}/${inJar}`)) {
    await Deno.rename(`${folder}/${inJar}/${name}`, `${folder}/${name}`);
  }
  await removeAll(`${folder}/META-INF`);
}

async function compile(home: string, jdk: string): Promise<void> {
  const manifest = `${home}/classes/agent.mf`;
  const agent = await classes(home, jdk, "Agent");
  await Deno.writeTextFile(
    manifest,
    "Agent-Class: Agent\nCan-Redefine-Classes: true\nCan-Retransform-Classes: true\n",
  );
  await jar(jdk, `${home}/lib/entitlement-agent/agent.jar`, agent, manifest);
  const console = await classes(home, jdk, "AnsiConsoleLoader");
  await jar(jdk, `${home}/lib/tools/ansi-console/console.jar`, console);
  await classes(home, jdk, "StartArguments");
}

/** Compiles java/SOURCE.java; returns the folder of its classes. */
async function classes(home: string, jdk: string, source: string): Promise<string> {
  const out = `${home}/classes/${source}`;
  const args = ["-proc:none", "-cp", `${home}/lib/*`, "-d", out, `${SOURCES}/${source}.java`];
  await run(`${jdk}/bin/javac`, args);
  return out;
}

async function jar(jdk: string, path: string, from: string, ...manifest: string[]): Promise<void> {
  const flags = `cf${manifest.length > 0 ? "m" : ""}`;
  await run(`${jdk}/bin/jar`, [flags, path, ...manifest, "-C", from, "."]);
}

/** Makes a plugin of java/SOURCE.java, which is its class, in the modules of `home`. */
export async function compilePlugin(
  home: string,
  jdk: string,
  source: string,
  name: string,
  description: string,
): Promise<void> {
  const folder = `${home}/modules/${name}`;
  await Deno.mkdir(folder);
  await jar(jdk, `${folder}/${name}.jar`, await classes(home, jdk, source));
  const descriptor = {
    name,
    description,
    "version": VERSION,
    "elasticsearch.version": VERSION,
    "java.version": "21",
    "classname": source,
  };
  await Deno.writeTextFile(
    `${folder}/plugin-descriptor.properties`,
    Object.entries(descriptor).map(([name, value]) => `${name}=${value}\n`).join(""),
  );
}

/** Starts a node on a port and data of its own. `address` is its URL. */
export async function startElasticsearch(options: ElasticsearchOptions = {}): Promise<Server> {
  const { say = sayOnStderr, heapMb = 512 } = options;
  const installed = options.home ?? await installElasticsearch(say), jdk = await jdkHome(say);
  const folder = await runFolder("elasticsearch");
  const port = freePort();
  for (const name of ["config", "data", "logs", "tmp"]) await Deno.mkdir(`${folder}/${name}`);
  const home = await reachableHome(installed, folder);
  const settings = {
    "cluster.name": "weir-test",
    "node.name": "n1",
    "path.data": `${folder}/data`,
    "network.host": "127.0.0.1",
    "http.port": port,
    "transport.port": freePort(),
    "discovery.type": "single-node",
    "cluster.routing.allocation.disk.threshold_enabled": false,
    "action.destructive_requires_name": false,
    ...options.settings,
  };
  // YAML holds JSON.
  await Deno.writeTextFile(`${folder}/config/elasticsearch.yml`, JSON.stringify(settings, null, 1));
  await Deno.writeTextFile(`${folder}/config/log4j2.properties`, LOG4J);
  for (const [name, text] of Object.entries(options.files ?? {})) {
    await Deno.writeTextFile(`${folder}/config/${name}`, text);
  }
  await writeStartArguments(home, folder, jdk);
  const isRoot = Deno.uid() === 0;
  if (isRoot) await run("chown", ["-R", `${NOBODY}:${NOBODY}`, ...ownFolders(folder)]);
  // With native access the server refuses root.
  const user = isRoot
    ? ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", "--"]
    : [];
  return await Server.start({
    name: "elasticsearch",
    address: `http://127.0.0.1:${port}`,
    folder,
    command: [...user, `${jdk}/bin/java`, ...javaArgs(home, folder, heapMb)],
    env: { ...serverEnv(), LIBFFI_TMPDIR: `${folder}/tmp` },
    input: `${folder}/start_arguments`,
    keep: options.keep,
    ready: () =>
      answers(
        `http://127.0.0.1:${port}/_cluster/health?wait_for_status=yellow&timeout=1s`,
        options.authorization,
      ),
    readyTimeoutMs: 120_000,
  });
}

/** Its log on standard output. */
export const LOG4J = `status = error
appender.all.type = Console
appender.all.name = all
appender.all.layout.type = PatternLayout
appender.all.layout.pattern = %d{ISO8601} %-5p %c{1.} %m%n%throwable
rootLogger.level = info
rootLogger.appenderRef.all.ref = all
`;

function ownFolders(folder: string): string[] {
  return ["config", "data", "logs", "tmp"].map((name) => `${folder}/${name}`);
}

/** Root's cache may lie in a folder that nobody else can enter; then the run folder gets links to it, or copies. */
async function reachableHome(installed: string, folder: string): Promise<string> {
  if (Deno.uid() !== 0) return installed;
  const home = `${folder}/home`;
  try {
    await run("cp", ["-al", installed, home]);
  } catch {
    await removeAll(home);
    await run("cp", ["-a", installed, home]); // another file system
  }
  return home;
}

async function writeStartArguments(home: string, folder: string, jdk: string): Promise<void> {
  const { stdout, stderr, success } = await new Deno.Command(`${jdk}/bin/java`, {
    args: [
      "-XX:TieredStopAtLevel=1",
      "-XX:+UseSerialGC",
      "-cp",
      `${home}/classes/StartArguments:${home}/lib/*`,
      "StartArguments",
      home,
      `${folder}/config`,
      `${folder}/logs`,
      "n1",
    ],
  }).output();
  if (!success) throw new Error(`No start arguments: ${new TextDecoder().decode(stderr)}`);
  await Deno.writeFile(`${folder}/start_arguments`, stdout);
}

/** Arguments of java that start the server in `home`, with config, data and tmp in `folder`. */
export function javaArgs(home: string, folder: string, heapMb: number): string[] {
  const bridge = `${home}/lib/entitlement-bridge/elasticsearch-entitlement-bridge-${VERSION}.jar`;
  return [
    `-Xms${heapMb}m`,
    `-Xmx${heapMb}m`,
    "-Xss1m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.awt.headless=true",
    "-Dfile.encoding=UTF-8",
    "-Dio.netty.noUnsafe=true",
    "-Dio.netty.noKeySetOptimization=true",
    "-Dio.netty.recycler.maxCapacityPerThread=0",
    "-Dlog4j.shutdownHookEnabled=false",
    "-Dlog4j2.disable.jmx=true",
    `-Djava.io.tmpdir=${folder}/tmp`,
    `-Des.path.home=${home}`,
    "-Des.distribution.type=tar",
    "-Des.java.type=system",
    // The server attaches its entitlement agent to itself.
    "-XX:+EnableDynamicAgentLoading",
    "-Djdk.attach.allowAttachSelf=true",
    "-Des.entitlements.enabled=true",
    `--patch-module=java.base=${bridge}`,
    "--add-exports=java.base/org.elasticsearch.entitlement.bridge=" +
    "org.elasticsearch.entitlement,java.logging,java.net.http,java.naming,jdk.net",
    "--enable-native-access=" +
    "org.elasticsearch.nativeaccess,org.elasticsearch.foreign,org.apache.lucene.core",
    // Its vector library is not published; native access fails where it is looked for.
    "-Dorg.elasticsearch.nativeaccess.enableVectorLibrary=false",
    "--module-path",
    `${home}/lib`,
    "--add-modules=jdk.net,jdk.management.agent,ALL-MODULE-PATH",
    "-m",
    "org.elasticsearch.server/org.elasticsearch.bootstrap.Elasticsearch",
  ];
}
