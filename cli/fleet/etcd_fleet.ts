/** The fleet as `weir page` shows it: registrations from etcd, detail from Kafka. */
import type { Client } from "@elastic/elasticsearch";
import { WellEtcd } from "../../core/etcd/well_etcd.ts";
import type { FleetDetail } from "../../core/fleet/detail.ts";
import { type LiveProgram, LiveTable } from "../../core/fleet/live_table.ts";
import { programRegistration } from "../../core/fleet/program_registration.ts";
import { NOTHING_APPLIED } from "../../core/fleet/registration_schema.ts";
import { createKafka } from "../../core/kafka/client.ts";
import type { Part } from "../../core/lifecycle.ts";
import { systemClock } from "../../core/ports/clock.ts";
import type { PageSettings } from "../../search/config.ts";
import type { FleetConfig } from "../../search/fleet/fleet_config.ts";
import type { FleetView } from "../../search/fleet/fleet_view.ts";
import { EtcdConfig } from "./etcd_config.ts";
import { auditOf } from "./page_audit.ts";
import { deadLettersOf } from "./page_dead_letters.ts";
import { DetailReader } from "./detail_reader.ts";

const NO_KAFKA = "kafka.brokers is not set in this page's settings";

export class EtcdFleet implements FleetView {
  readonly #table: LiveTable;
  readonly #reader: DetailReader | undefined;
  /** What hosts are configured with. */
  readonly config: FleetConfig;
  readonly audit: FleetView["audit"];
  readonly dead: FleetView["dead"];
  /** To be started with the page. */
  readonly parts: Part[];

  /** Throws SECRET_UNREADABLE and the like; nothing is connected yet. */
  constructor(settings: PageSettings, elastic: Client) {
    this.audit = auditOf(elastic, settings);
    this.dead = deadLettersOf(settings);
    const { etcd, keys, kafka } = settings;
    const well = new WellEtcd(etcd);
    this.#table = new LiveTable({
      read: (work) => well.read(work),
      prefix: keys.live,
      timeoutMs: etcd.timeout,
      clock: systemClock,
    });
    this.config = new EtcdConfig(well, settings);
    if (kafka.brokers.length > 0) {
      this.#reader = new DetailReader(createKafka(kafka, "page.detail"), kafka.detailTopic);
    }
    this.parts = [
      { name: "fleet", start: () => {}, stop: () => well.close() },
      ...(this.#reader ? [this.#reader] : []),
    ];
  }

  programs(): Promise<LiveProgram[]> {
    return this.#table.programs();
  }

  detail(id: string): FleetDetail | undefined {
    return this.#reader?.detail(id);
  }

  details(): Iterable<FleetDetail> {
    return this.#reader?.details() ?? [];
  }

  detailFault(): string {
    return this.#reader?.fault ?? NO_KAFKA;
  }
}

/** How a page shows itself in etcd; none where there is no etcd. */
export function pageRegistration(
  settings: PageSettings,
  { url, notReady }: { url: () => string; notReady: () => string[] },
): Part[] {
  const { etcd, fleet } = settings;
  const registration = programRegistration({
    program: "page",
    etcd,
    fleet,
    host: Deno.hostname(),
    status: url,
    state: () => {
      const reasons = notReady();
      return {
        applied: NOTHING_APPLIED,
        health: { ok: reasons.length === 0, reasons, problems: reasons.length },
        summary: {},
      };
    },
  });
  return registration === undefined ? [] : [registration];
}
