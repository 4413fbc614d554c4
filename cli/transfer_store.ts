/**
 * From Kafka into the embedded store, with the page over it: a site of one node without Elasticsearch. Offsets are
 * committed behind what the store has synced; what comes again after a crash is dropped by the ranges that the store
 * keeps with the lines.
 */
import { createKafka } from "../core/kafka/client.ts";
import { LEDGER_TOPIC } from "../core/ledger/seal.ts";
import { archiveSettingsOf } from "./archive/search_archive.ts";
import { KafkaTrace } from "./explain/kafka_trace.ts";
import { type Part, runParts } from "../core/lifecycle.ts";
import { startLog } from "../core/log.ts";
import { newRegistry } from "../core/metrics/registry.ts";
import type { DocumentWriter } from "../core/ports/document_store.ts";
import { openArchive } from "../search/archive/settings.ts";
import { pageFiles } from "../search/page/embedded.ts";
import { checkAddress } from "../search/server.ts";
import type { TransferSettings } from "../transfer/config.ts";
import { transferRegistration } from "../transfer/registration.ts";
import { Transfer } from "../transfer/transfer.ts";
import { SearchPart } from "./search_part.ts";
import { authOf } from "./up_options.ts";
import { StorePart } from "./up_parts.ts";

export interface StoreSiteOptions {
  listen: string;
  passwordFile?: string;
  tokenFile?: string;
  usersFile?: string;
  allowHost?: string[];
}

/** Runs until a signal ends it and returns the exit code. Throws the errors of settings and address. */
export async function transferToStore(
  settings: TransferSettings,
  options: StoreSiteOptions,
): Promise<number> {
  const { level, format } = settings.log;
  startLog({ level, ...(format === "auto" ? {} : { format }) });
  const auth = authOf(options, (name) => Deno.env.get(name));
  checkAddress(options.listen, auth);
  const registry = newRegistry("weir");
  const { folder, keepAge, keepBytes } = settings.store;
  const store = new StorePart(folder, { ageMsMax: keepAge, diskBytesMax: keepBytes });
  const transfer = new Transfer(
    // The store writes one batch at a time; several at once would only lose the order of lines.
    { ...settings, bulk: { ...settings.bulk, workers: 1 } },
    { registry, writer: () => writerInto(store) },
  );
  const search = new SearchPart(() => ({
    reader: store.store,
    ...archiveOf(settings, store),
    listen: options.listen,
    registry,
    page: pageFiles,
    ...(auth && { auth }),
    hosts: (options.allowHost ?? []).map((name) => name.toLowerCase()),
    sources: () => sourcesOf(transfer),
    expired: (generation, topic) => store.store.expired(generation, topic),
    trace: new KafkaTrace(createKafka(settings.kafka, "page.explain", 1), LEDGER_TOPIC),
    status: () => ({ transfer: transfer.status(), store: store.store.stats() }),
    notReady: () => [...transfer.notReady(), ...store.notReady()],
  }));
  const told: Part = {
    name: "report",
    start: () =>
      console.log(
        `\n  Weir is at  ${search.url}\n\n  Lines of ${
          settings.kafka.brokers.join(", ")
        } are kept in ${folder}. End with Ctrl-C.\n`,
      ),
    stop: () => {},
  };
  const registration = transferRegistration(transfer, () => search.url);
  return await runParts([
    store,
    search,
    ...transfer.parts(),
    ...registration,
    told,
  ], settings.shutdown);
}

/** The archive that the transfer writes, for the page. */
function archiveOf(
  { archive: { location, endpoint, region, ...rest } }: TransferSettings,
  store: StorePart,
) {
  const { accessKeyFile, secretKeyFile, user } = rest;
  const place = { location, endpoint, region, accessKeyFile, secretKeyFile, user };
  const archive = openArchive({ ...archiveSettingsOf(undefined), ...place }, store.store);
  return archive && { archive };
}

/** The store as what the transfer writes to; it is opened and closed by its own part. */
function writerInto(store: StorePart): DocumentWriter {
  return { write: (records) => store.store.write(records), close: () => Promise.resolve() };
}

/** What is read, for /api/sources: the topics. */
function sourcesOf(transfer: Transfer) {
  const { topics, missing } = transfer.consumer;
  return {
    files: [...topics].map((topic) => ({ path: `topic ${topic}`, topic })),
    problems: [...missing].map((topic) => ({
      path: `topic ${topic}`,
      code: "TOPIC_MISSING",
      reason: "Kafka has no such topic",
    })),
  };
}
