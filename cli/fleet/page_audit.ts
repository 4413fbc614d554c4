/** The audit as the page shows it: `weir audit` of a host or a file, its list of faults bounded. One at a time. */
import type { Client } from "@elastic/elasticsearch";
import { WeirError } from "../../core/errors.ts";
import { createKafka } from "../../core/kafka/client.ts";
import type { PageSettings } from "../../search/config.ts";
import type { AuditAnswer, AuditRequest } from "../../search/fleet/fleet_view.ts";
import { audit, totalsOf } from "../audit/audit.ts";
import { deadRanges, readWholeLedger } from "../audit/read_ledger.ts";
import { isFaulty } from "../audit/report.ts";

const FAULTS_MAX = 200, RANGES_MAX = 20;

/** Undefined where there is no Kafka: the ledger is there. */
export function auditOf(
  client: Client,
  { kafka, index }: PageSettings,
): ((request: AuditRequest) => Promise<AuditAnswer>) | undefined {
  if (kafka.brokers.length === 0) return undefined;
  let running = false;
  return async ({ host, file }) => {
    if (running) {
      throw new WeirError("SEARCH_BUSY", "Another audit runs already", {
        hint: "Try again when it has ended.",
        retriable: true,
      });
    }
    running = true;
    try {
      return await auditOnce(client, kafka, index, { host, file });
    } finally {
      running = false;
    }
  };
}

async function auditOnce(
  client: Client,
  settings: PageSettings["kafka"],
  index: readonly string[],
  { host, file }: AuditRequest,
): Promise<AuditAnswer> {
  const kafka = createKafka(settings, "page.audit");
  const { seals, drops, expired } = await readWholeLedger(kafka, settings.ledgerTopic);
  const found = await audit(seals, {
    client,
    drops,
    expired,
    index: index.join(","),
    host,
    ...(file !== "" && { file }),
    dead: await deadRanges(kafka, settings.deadTopic),
  });
  const faults = found.files.filter(isFaulty);
  return {
    ...totalsOf(found),
    faultsTotal: faults.length,
    faults: faults.slice(0, FAULTS_MAX).map(({ seal, missing, doubled, twin }) => ({
      path: seal.path,
      topic: seal.topic,
      generation: seal.generation,
      missing: missing.slice(0, RANGES_MAX),
      doubled: doubled.slice(0, RANGES_MAX),
      twin,
      unread: seal.unread,
    })),
  };
}
