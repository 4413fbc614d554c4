/**
 * Images under the official names of the compose file, made here because none can be pulled: the real servers of the
 * test set-up with the variables, commands and health checks of the official images. For Grafana and Kibana, which
 * cannot be had, something that answers 200.
 */
import { installEtcd } from "../support/real/etcd.ts";
import { installElasticsearch, javaArgs, LOG4J } from "../support/real/elasticsearch.ts";
import { installInfluxdb } from "../support/real/influxdb.ts";
import {
  cached,
  jdkHome,
  needCommand,
  type Say,
  sayOnStderr,
  unpackedCommand,
} from "../support/real/install.ts";
import { installKafka } from "../support/real/kafka.ts";
import { installPrometheus } from "../support/real/prometheus.ts";
import { run } from "../support/process.ts";
import { tempDir } from "../support/temp.ts";
import type { DockerEngine } from "./engine.ts";

const HERE = new URL("./standins/", import.meta.url).pathname;
const ROOT = new URL("../../", import.meta.url).pathname;
const BASE = "weir-standin";
const ES_HOME = "/usr/share/elasticsearch";

/** What an image adds to the base, by the repository of its official name. */
const IMAGES: Readonly<Record<string, string>> = {
  "quay.io/coreos/etcd": 'CMD ["/usr/local/bin/etcd"]',
  "apache/kafka": 'CMD ["/opt/standin/kafka.sh"]',
  "docker.elastic.co/elasticsearch/elasticsearch": 'CMD ["/opt/standin/elasticsearch.sh"]',
  "influxdb": 'CMD ["/opt/standin/influxdb.sh"]',
  "prom/prometheus": 'ENTRYPOINT ["/usr/local/bin/prometheus"]',
  "prom/alertmanager": 'ENTRYPOINT ["/usr/local/bin/prometheus-alertmanager"]',
  "grafana/grafana": 'CMD ["/opt/standin/answer.pl", "3000"]',
  "docker.elastic.co/kibana/kibana": 'CMD ["/opt/standin/answer.pl", "5601"]',
};

/** A Debian tree with the servers in it. */
async function standinTree(say: Say): Promise<string> {
  const [etcd, kafka, elasticsearch, influxd, prometheus, jdk] = [
    await installEtcd(say),
    await installKafka(say),
    await installElasticsearch(say),
    await installInfluxdb(say),
    await installPrometheus(say),
    await jdkHome(say),
  ];
  const etcdctl = await unpackedCommand("etcdctl", "etcd-client", say);
  const alertmanager = await unpackedCommand(
    "prometheus-alertmanager",
    "prometheus-alertmanager",
    say,
  );
  await needCommand("debootstrap", "debootstrap", say);
  const folder = await cached("docker-standins-2", say, async (folder) => {
    const root = `${folder}/root`;
    await run("debootstrap", ["--variant=minbase", "--include=curl,wget", "bookworm", root]);
    const copy = async (from: string, to: string) => {
      await Deno.mkdir(`${root}${to}`.replace(/\/[^/]*$/, ""), { recursive: true });
      await run("cp", ["-aL", from, root + to]);
    };
    await copy(etcd, "/usr/local/bin/etcd");
    await copy(etcdctl, "/usr/local/bin/etcdctl");
    await copy(influxd, "/usr/local/bin/influxd");
    await copy(prometheus, "/usr/local/bin/prometheus");
    await copy(alertmanager, "/usr/local/bin/prometheus-alertmanager");
    // Debian's has its templates in files.
    await copy(
      alertmanager.replace("/bin/prometheus-alertmanager", "/share/prometheus"),
      "/usr/share/prometheus",
    );
    await copy(kafka, "/opt/kafka");
    await copy(elasticsearch, ES_HOME);
    await copy(jdk, "/opt/jdk");
    await Deno.symlink("/opt/jdk/bin/java", `${root}/usr/local/bin/java`);
  });
  return `${folder}/root`;
}

/** Builds a stand-in for every image that the compose files name; returns how many. */
export async function buildStandins(
  engine: DockerEngine,
  images: readonly string[],
  say: Say = sayOnStderr,
): Promise<number> {
  await engine.importTree(await standinTree(say), BASE);
  await using context = await tempDir("weir-standins-");
  await run("cp", ["-a", `${HERE}.`, context.join("standin")]);
  await run("chmod", ["-R", "a+rx", context.join("standin")]);
  await Deno.writeTextFile(context.join("standin/log4j2.properties"), LOG4J);
  // A node that others can reach refuses to start with the serial collector, which a test alone would do with.
  const args = javaArgs(ES_HOME, "/var/lib/standin", 768)
    .map((arg) => `'${arg.replace("UseSerialGC", "UseParallelGC")}'`).join(" ");
  await Deno.writeTextFile(context.join("standin/java_elasticsearch.sh"), `exec java ${args}\n`);
  for (const image of images) {
    const more = IMAGES[image.replace(/:[^:/]*$/, "")];
    if (more === undefined) throw new Error(`There is no stand-in for ${image}: add it to IMAGES`);
    await Deno.writeTextFile(
      context.join("Dockerfile"),
      `FROM ${BASE}
COPY standin /opt/standin
COPY standin/influx.sh /usr/local/bin/influx
COPY standin/kafka-broker-api-versions.sh /opt/kafka/bin/kafka-broker-api-versions.sh
${more}
`,
    );
    await engine.docker("build", "-q", "-t", image, context.path);
  }
  return images.length;
}

/**
 * Builds Weir's own images from the shipped Dockerfile, but for its first stage, which compiles and needs a registry:
 * the executables of `dist` stand for it.
 */
export async function buildWeir(
  engine: DockerEngine,
  dist: string,
  targets: Readonly<Record<string, string>>,
): Promise<void> {
  for (const base of ["debian:bookworm-slim", "gcr.io/distroless/cc-debian12:nonroot"]) {
    await engine.docker("tag", BASE, base);
  }
  await using context = await tempDir("weir-image-");
  await Deno.mkdir(context.join("dist"));
  for (const target of Object.keys(targets)) {
    await run("cp", ["-l", `${dist}/${target}`, context.join(`dist/${target}`)])
      .catch(() => run("cp", [`${dist}/${target}`, context.join(`dist/${target}`)]));
  }
  const shipped = await Deno.readTextFile(`${ROOT}deploy/docker/Dockerfile`);
  const stage = /^FROM node:\S+ AS build\n(?:(?!^FROM ).*\n)+/m;
  if (!stage.test(shipped)) throw new Error("The Dockerfile's first stage is not where it was");
  const local = "FROM scratch AS build\nCOPY dist /src/dist\n\n";
  await Deno.writeTextFile(context.join("Dockerfile"), shipped.replace(stage, local));
  for (const [target, image] of Object.entries(targets)) {
    await engine.docker("build", "-q", "--target", target, "-t", image, context.path);
  }
}
