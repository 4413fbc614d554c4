/**
 * Builds weir-flink.jar, the table sink for Elasticsearch, from the sources in `java/`, with the classes of the Flink
 * that is to run it: `npm run build:flink -- --flink-lib /opt/flink/lib`. Needs a JDK of 17 or newer; the jar runs on
 * Java 17.
 */
import { parseArgs } from "node:util";

const SOURCES = new URL("java/", import.meta.url).pathname;
const JAVA_RELEASE = "17";

export interface FlinkJar {
  /** Home of a JDK. */
  jdk: string;
  /** Flink's own folder `lib`. */
  flinkLib: string;
  /** Where the jar goes. */
  jar: string;
}

/** Compiles and packs; throws with what the compiler says. */
export async function buildFlinkJar({ jdk, flinkLib, jar }: FlinkJar): Promise<void> {
  const classes = await Deno.makeTempDir({ prefix: "weir-flink-" });
  try {
    const sources = [...Deno.readDirSync(`${SOURCES}weir/flink`)]
      .map(({ name }) => `${SOURCES}weir/flink/${name}`);
    const options = ["--release", JAVA_RELEASE, "-Xlint:all,-processing", "-Werror", "-proc:none"];
    await java(`${jdk}/bin/javac`, [...options, "-cp", `${flinkLib}/*`, "-d", classes, ...sources]);
    const contents = ["-C", classes, ".", "-C", SOURCES, "META-INF"];
    await java(`${jdk}/bin/jar`, [
      "--create",
      "--date=2026-01-01T00:00:00Z",
      "--file",
      jar,
      ...contents,
    ]);
  } finally {
    await Deno.remove(classes, { recursive: true });
  }
}

async function java(command: string, args: string[]): Promise<void> {
  const { success, stderr, stdout } = await new Deno.Command(command, { args }).output();
  if (success) return;
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  throw new Error(`${command} fails: ${said}`);
}

if (import.meta.main) {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      "flink-lib": { type: "string" },
      "jdk": { type: "string", default: Deno.env.get("JAVA_HOME") ?? "" },
      "out": { type: "string", default: "dist/weir-flink.jar" },
    },
  });
  const flinkLib = values["flink-lib"], { jdk, out } = values;
  if (flinkLib === undefined || jdk === "") {
    console.error("usage: npm run build:flink -- --flink-lib FOLDER [--jdk HOME] [--out FILE]");
    console.error(
      "FOLDER is Flink's lib; HOME a JDK of 17 or newer, $JAVA_HOME where it is not given",
    );
    Deno.exit(2);
  }
  await Deno.mkdir(out.replace(/[^/]*$/, "") || ".", { recursive: true });
  await buildFlinkJar({ jdk, flinkLib, jar: out });
  console.log(out);
}
