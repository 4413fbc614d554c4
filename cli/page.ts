/**
 * `weir page`: the search page over Elasticsearch. It reads with the right to read alone, listens on loopback unless
 * told otherwise, and asks for a password or token on any other address.
 */
import type { Client } from "@elastic/elasticsearch";
import { createKafka } from "../core/kafka/client.ts";
import type { Trace } from "../search/explain/trace.ts";
import { storedIn } from "./explain/elastic_trace.ts";
import { KafkaTrace } from "./explain/kafka_trace.ts";
import { Command } from "commander";
import { ARCHIVE_OPTION, archiveSettingsOf } from "./archive/search_archive.ts";
import { readSettingsFile } from "../core/config/settings_file.ts";
import { loadSettings } from "../core/config/load.ts";
import { asWritten } from "../core/config/reference.ts";
import { createElastic } from "../core/elastic/client.ts";
import { type Part, runParts } from "../core/lifecycle.ts";
import { startLog } from "../core/log.ts";
import { newRegistry } from "../core/metrics/registry.ts";
import { type PageSettings, pageSettings } from "../search/config.ts";
import { ElasticPart } from "../search/elastic/part.ts";
import { openArchive } from "../search/archive/settings.ts";
import { pageFiles } from "../search/page/embedded.ts";
import { checkAddress, createSearchServer } from "../search/server.ts";
import { EtcdFleet, pageRegistration } from "./fleet/etcd_fleet.ts";
import { authOf } from "./up_options.ts";

interface Options {
  config?: string;
  elasticsearch?: string[];
  index?: string[];
  listen?: string;
  passwordFile?: string;
  tokenFile?: string;
  usersFile?: string;
  allowHost?: string[];
  kibanaUrl?: string;
  grafanaUrl?: string;
  archive?: string;
  checkConfig?: boolean;
}

const env = (name: string) => Deno.env.get(name) || undefined;

export function pageCommand(): Command {
  return new Command("page")
    .description("search what weir-transfer has written to Elasticsearch: the page of weir up")
    .option("-c, --config <file>", "settings, YAML (page.yaml)")
    .option("--elasticsearch <url...>", "nodes, instead of the settings'")
    .option("--index <pattern...>", "indices, instead of the settings' (default: weir-*)")
    .option("--listen <host:port>", "address of the page; port 0 takes a free one")
    .option("--password-file <file>", "file with the page's password (or WEIR_PASSWORD)")
    .option("--token-file <file>", "file with a token for programs (or WEIR_TOKEN)")
    .option("--users-file <file>", "file with users, their roles and topics: weir user")
    .option("--allow-host <name...>", "further names under which the page may be called")
    .option("--kibana-url <url>", "Kibana; the page links to the same search in Discover")
    .option("--grafana-url <url>", "Grafana; the page links to the same search in Explore")
    .option(...ARCHIVE_OPTION)
    .option("--check-config", "check the settings and end: 0 or 78")
    .addHelpText(
      "after",
      "\nAn API key or password for Elasticsearch is in a file that the settings name, in " +
        "WEIR_ES_API_KEY,\nor in WEIR_ES_USERNAME and WEIR_ES_PASSWORD.",
    )
    .action(async (options: Options) => Deno.exit(await page(options)));
}

/** Runs until a signal ends it and returns the exit code. Throws the errors of settings and address. */
async function page(options: Options): Promise<number> {
  const settings = settingsOf(options);
  if (options.checkConfig) {
    console.log(`${options.config ?? "page"}: the settings are right`);
    return 0;
  }
  const { level, format } = settings.log;
  startLog({ level, ...(format === "auto" ? {} : { format }) });
  const auth = authOf({
    ...(settings.passwordFile && { passwordFile: settings.passwordFile }),
    ...(settings.tokenFile && { tokenFile: settings.tokenFile }),
    ...(settings.usersFile && { usersFile: settings.usersFile }),
  }, env);
  checkAddress(settings.listen, auth);
  const client = createElastic({ ...settings.elasticsearch, ...secretsOf(env) });
  const elastic = new ElasticPart(client, settings);
  const fleet = settings.etcd.hosts.length === 0 ? undefined : new EtcdFleet(settings, client);
  const where = {
    elasticsearch: settings.elasticsearch.nodes.map(withoutLogin),
    index: settings.index,
  };
  const archive = openArchive(settings.archive, elastic.reader);
  const server = createSearchServer({
    reader: elastic.reader,
    listen: settings.listen,
    registry: newRegistry("weir"),
    page: pageFiles,
    ...(auth && { auth }),
    hosts: settings.hosts.map((name) => name.toLowerCase()),
    elsewhere: settings.elsewhere,
    ...(archive && { archive }),
    searchesMax: settings.search.max,
    tailRateMax: settings.live.rateMax,
    ...(fleet && { fleet }),
    trace: traceOf(client, settings),
    sources: () => ({
      files: settings.index.map((path) => ({ path })),
      problems: elastic.notReady().map((reason) => ({
        path: settings.index.join(","),
        code: "ES_UNREACHABLE",
        reason,
      })),
    }),
    status: () => ({ program: "weir page", ...where, documents: elastic.documents }),
    notReady: () => elastic.notReady(),
  });
  const told: Part = {
    name: "report",
    start: () => console.log(report(server.url, where, elastic)),
    stop: () => {},
  };
  const registration = pageRegistration(settings, {
    url: () => server.url,
    notReady: () => elastic.notReady(),
  });
  const parts = [elastic, ...fleet?.parts ?? [], server, ...registration, told];
  return await runParts(parts, settings.shutdown);
}

/** The document with its index; Kafka and ledger where the settings name brokers. */
function traceOf(client: Client, { index, kafka }: PageSettings): Trace {
  const stored: Trace["stored"] = (id, topic, signal) => storedIn(client, index, id, topic, signal);
  if (kafka.brokers.length === 0) return { stored };
  const found = new KafkaTrace(createKafka(kafka, "page.explain", 1), kafka.ledgerTopic);
  return {
    stored,
    file: (line) => found.file(line),
    record: (...asked) => found.record(...asked),
  };
}

function report(
  url: string,
  where: { elasticsearch: string[]; index: string[] },
  elastic: ElasticPart,
): string {
  const [fault] = elastic.notReady();
  const found = fault ?? `${(elastic.documents ?? 0).toLocaleString("en")} lines there now`;
  return `\n  Weir is at  ${url}\n\n  It reads ${where.index.join(", ")} of ${
    where.elasticsearch.join(", ")
  }:\n    ${found}\n\n  End with Ctrl-C.\n`;
}

/** Settings with the options put in, checked as a whole. */
function settingsOf(options: Options): PageSettings {
  const base = options.config === undefined
    ? loadSettings(pageSettings, "", { name: "page", env })
    : readSettingsFile(pageSettings, options.config, "Check the path.");
  const { elasticsearch: nodes, index, listen, passwordFile, tokenFile, usersFile, allowHost } =
    options;
  const { kibanaUrl: kibana, grafanaUrl: grafana, archive } = options;
  const changed = {
    ...base,
    elasticsearch: { ...base.elasticsearch, ...(nodes && { nodes }) },
    elsewhere: { ...base.elsewhere, ...(kibana && { kibana }), ...(grafana && { grafana }) },
    ...(archive && { archive: archiveSettingsOf(archive) }),
    ...(index && { index }),
    ...(listen && { listen }),
    ...(passwordFile && { passwordFile }),
    ...(tokenFile && { tokenFile }),
    ...(usersFile && { usersFile }),
    ...(allowHost && { hosts: allowHost }),
  };
  const text = JSON.stringify(asWritten(pageSettings, changed)).replaceAll("$", "$$$$");
  return loadSettings(pageSettings, text, { name: "the command line" });
}

/** Login from the environment, where it is set. */
function secretsOf(env: (name: string) => string | undefined) {
  const apiKey = env("WEIR_ES_API_KEY"), password = env("WEIR_ES_PASSWORD");
  const username = env("WEIR_ES_USERNAME");
  return {
    ...(apiKey && { apiKey }),
    ...(username && { username }),
    ...(password && { password }),
  };
}

/** A URL for people to read: no password in it. */
function withoutLogin(text: string): string {
  const url = new URL(text);
  url.username = "";
  url.password = "";
  return url.href.replace(/\/$/, "");
}
