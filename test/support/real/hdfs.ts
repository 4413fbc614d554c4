/** HDFS from Maven Central on loopback: one namenode, one datanode, WebHDFS on, no rights. */
import { run } from "../process.ts";
import { freePort, removeAll } from "../temp.ts";
import { cached, kafkaJava, mavenJars, type Say, sayOnStderr } from "./install.ts";
import { Cluster, runFolder, type ServerPlan, type StartOptions } from "./instance.ts";

const VERSION = "3.4.2";
const JARS = ["hadoop-hdfs", "hadoop-common", "hadoop-hdfs-client"]
  .map((name) => `org.apache.hadoop:${name}:${VERSION}`);
const JAVA_OPTIONS = [
  "-Xmx256m",
  "-XX:+UseSerialGC",
  "-XX:TieredStopAtLevel=1",
  "--add-opens=java.base/java.lang=ALL-UNNAMED",
  "-Djava.net.preferIPv4Stack=true",
];
const LOG4J = `log4j.rootLogger=INFO,c
log4j.appender.c=org.apache.log4j.ConsoleAppender
log4j.appender.c.layout=org.apache.log4j.PatternLayout
log4j.appender.c.layout.ConversionPattern=%d %p %c{1}: %m%n
`;

export interface Hdfs extends AsyncDisposable {
  /** Namenode and datanode. */
  cluster: Cluster;
  /** URL of the namenode's WebHDFS, without a slash at its end. */
  endpoint: string;
  /** Kills both and removes their data. */
  remove(): Promise<void>;
}

export async function installHdfs(say: Say): Promise<string> {
  return await cached(`hdfs-${VERSION}-1`, say, async (home) => {
    await mavenJars(home, JARS, say);
    // The jars carry no pages, and the HTTP server only wants their folders.
    const app =
      '<?xml version="1.0"?>\n<web-app version="2.4" xmlns="http://java.sun.com/xml/ns/j2ee"/>\n';
    for (const name of ["hdfs", "datanode"]) {
      await Deno.mkdir(`${home}/web/webapps/${name}/WEB-INF`, { recursive: true });
      await Deno.writeTextFile(`${home}/web/webapps/${name}/WEB-INF/web.xml`, app);
    }
    await Deno.mkdir(`${home}/web/webapps/static`);
  });
}

/** Another process may take one of the five ports while the namenode is formatted: then it begins anew. */
export async function startHdfs(options: StartOptions = {}): Promise<Hdfs> {
  for (let tries = 1;; tries++) {
    try {
      return await startOnce(options);
    } catch (error) {
      if (tries === 3 || !/Address already in use/.test((error as Error).message)) throw error;
    }
  }
}

async function startOnce(options: StartOptions): Promise<Hdfs> {
  const say = options.say ?? sayOnStderr;
  const home = await installHdfs(say),
    java = await kafkaJava(say),
    folder = await runFolder("hdfs");
  const [rpc, http, ...data] = Array.from({ length: 5 }, freePort);
  const endpoint = `http://127.0.0.1:${http}`;
  await configure(folder, rpc, http, data);
  const node = (name: string, main: string): ServerPlan => ({
    name,
    address: endpoint,
    folder: `${folder}/${name}`,
    command: [java, ...JAVA_OPTIONS, "-cp", `${folder}/conf:${home}/web:${home}/lib/*`, main],
    keep: options.keep,
    ready: () => isReady(endpoint),
    readyTimeoutMs: 60_000,
  });
  const prefix = "org.apache.hadoop.hdfs.server";
  const namenode = node("namenode", `${prefix}.namenode.NameNode`);
  await run(java, [...namenode.command.slice(1), "-format", "-nonInteractive"]);
  for (const name of ["namenode", "datanode"]) await Deno.mkdir(`${folder}/${name}`);
  const cluster = await Cluster.start([namenode, node("datanode", `${prefix}.datanode.DataNode`)]);
  const remove = async () => {
    await cluster.remove();
    await removeAll(folder);
  };
  return { cluster, endpoint, remove, [Symbol.asyncDispose]: remove };
}

async function configure(folder: string, rpc: number, http: number, data: number[]) {
  const file = async (name: string, settings: Record<string, string>) => {
    const properties = Object.entries(settings).map(([key, value]) =>
      `<property><name>${key}</name><value>${value}</value></property>`
    );
    const text = `<configuration>${properties.join("\n")}</configuration>\n`;
    await Deno.writeTextFile(`${folder}/conf/${name}`, text);
  };
  const at = (port: number) => `127.0.0.1:${port}`;
  await Deno.mkdir(`${folder}/conf`);
  await file("core-site.xml", {
    "fs.defaultFS": `hdfs://${at(rpc)}`,
    "hadoop.tmp.dir": `${folder}/tmp`,
  });
  await file("hdfs-site.xml", {
    "dfs.replication": "1",
    "dfs.permissions.enabled": "false",
    "dfs.namenode.name.dir": `file://${folder}/name`,
    "dfs.datanode.data.dir": `file://${folder}/data`,
    "dfs.namenode.rpc-bind-host": "127.0.0.1",
    "dfs.namenode.http-address": at(http),
    "dfs.datanode.address": at(data[0]),
    "dfs.datanode.http.address": at(data[1]),
    "dfs.datanode.ipc.address": at(data[2]),
    "dfs.datanode.hostname": "127.0.0.1",
    "dfs.client.use.datanode.hostname": "true",
    "dfs.namenode.datanode.registration.ip-hostname-check": "false",
    "dfs.client.block.write.replace-datanode-on-failure.policy": "NEVER",
  });
  await Deno.writeTextFile(`${folder}/conf/log4j.properties`, LOG4J);
}

/** The namenode knows its datanode and takes writes. */
async function isReady(endpoint: string): Promise<boolean> {
  const bean = async (name: string) => {
    const url = `${endpoint}/jmx?qry=Hadoop:service=NameNode,name=${name}`;
    const answer = await fetch(url, { signal: AbortSignal.timeout(3000) });
    return (await answer.json()).beans[0];
  };
  return (await bean("FSNamesystemState")).NumLiveDataNodes === 1 &&
    (await bean("NameNodeInfo")).Safemode === "";
}
