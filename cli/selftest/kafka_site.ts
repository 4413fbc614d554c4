/**
 * A self-test over the operator's own Kafka and Elasticsearch: an agent and a transfer with the operator's settings, but
 * with a topic, a group, an index and a state folder of this test's own, and without etcd.
 */
import type { Client } from "@elastic/elasticsearch";
import type { Admin } from "kafkajs";
import type { AgentSettings } from "../../agent/config.ts";
import { createElastic, JSON_HEADERS } from "../../core/elastic/client.ts";
import { messageOf, WeirError } from "../../core/errors.ts";
import { createKafka } from "../../core/kafka/client.ts";
import type { TransferSettings } from "../../transfer/config.ts";
import { Child } from "./child.ts";
import type { ReadLine } from "./numbered_files.ts";
import { faultsOf, type SelftestSite } from "./site.ts";
import type { Ways } from "./ways.ts";

const SESSION_MS = 6000, PAGE = 5000;

/** The settings of this site's two programs. */
export interface ChainSettings {
  agent: AgentSettings;
  transfer: TransferSettings;
}

/** Turned to a test's own names; `id` begins with weir-selftest. */
export function ownSettings(
  { agent, transfer }: ChainSettings,
  folder: string,
  id: string,
): ChainSettings {
  const alone = { listen: "127.0.0.1:0" };
  return {
    agent: {
      ...agent,
      ...alone,
      state: `${folder}/state`,
      source: { ...agent.source, file: `${folder}/collect.json` },
      etcd: { ...agent.etcd, hosts: [] },
      ledger: { ...agent.ledger, enabled: false },
      tail: { ...agent.tail, roots: [`${folder}/logs`] },
    },
    transfer: {
      ...transfer,
      ...alone,
      etcd: { ...transfer.etcd, hosts: [] },
      ledger: { ...transfer.ledger, enabled: false },
      topics: { ...transfer.topics, file: "" },
      archive: { ...transfer.archive, format: "none" },
      consumer: {
        ...transfer.consumer,
        groupId: id,
        instanceId: "",
        topics: [id],
        topicPatterns: [],
        sessionTimeout: SESSION_MS,
        heartbeat: 1000,
        topicsRefresh: 1000,
      },
      index: { ...transfer.index, name: "", document: "full", retentionDays: 0, retentionBytes: 0 },
      dead: { ...transfer.dead, topic: `${id}-dead`, index: false },
    },
  };
}

export class KafkaSite implements SelftestSite {
  readonly name: string;
  readonly children: readonly Child[];
  readonly moreMs = SESSION_MS;
  readonly ways: Ways | undefined;
  readonly #settings: ChainSettings;
  readonly #folder: string;
  readonly #id: string;
  readonly #elastic: Client;

  /**
   * @param how `args` of the hidden commands, by which each child finds its settings; `ways` that the children take,
   * straight without
   */
  constructor(
    settings: ChainSettings,
    folder: string,
    id: string,
    { args, ways }: { args: readonly string[]; ways?: Ways },
  ) {
    const { agent, transfer } = settings;
    this.name = `${agent.kafka.brokers.join(",")} and ${transfer.elasticsearch.nodes.join(",")}`;
    this.#settings = settings;
    this.#folder = folder;
    this.#id = id;
    this.#elastic = createElastic(transfer.elasticsearch);
    this.ways = ways;
    this.children = ["agent", "transfer"].map((part) =>
      new Child(`weir-${part}`, [
        "selftest",
        "--part",
        part,
        "--folder",
        folder,
        "--id",
        id,
        ...args,
        ...(ways === undefined ? [] : ["--ways", JSON.stringify(ways.taken)]),
      ])
    );
  }

  get #index(): string {
    return `weir-${this.#id}-*`;
  }

  async prepare(): Promise<void> {
    const { agent, transfer } = this.#settings;
    await this.#withAdmin((admin) => admin.listTopics()).catch((error) => {
      throw new WeirError(
        "SELFTEST_KAFKA",
        `Cannot reach Kafka at ${agent.kafka.brokers.join(", ")}: ${messageOf(error)}`,
        {
          hint:
            "Check that the brokers run and kafka.brokers is right; without --kafka none is needed.",
        },
      );
    });
    await this.#elastic.info({}, { headers: JSON_HEADERS }).catch((error) => {
      const nodes = transfer.elasticsearch.nodes.join(", ");
      throw new WeirError("SELFTEST_ELASTIC", `Cannot reach ${nodes}: ${messageOf(error)}`, {
        hint: "Check that Elasticsearch runs and elasticsearch.nodes is right.",
      });
    });
    const entries = [{ path: `${this.#folder}/logs/*.log*`, topic: this.#id }];
    await Deno.writeTextFile(`${this.#folder}/collect.json`, JSON.stringify(entries));
  }

  async arrived(): Promise<number> {
    const index = this.#index;
    await this.#elastic.indices.refresh({ index, allow_no_indices: true });
    return (await this.#elastic.count({ index, allow_no_indices: true })).count;
  }

  async *read(): AsyncGenerator<ReadLine> {
    let after: unknown[] | undefined;
    for (;;) {
      const { hits } = await this.#elastic.search<Record<string, unknown>>({
        index: this.#index,
        size: PAGE,
        sort: ["log.file.generation", "log.offset"],
        _source: ["message"],
        track_total_hits: false,
        ...(after === undefined ? {} : { search_after: after as never }),
      });
      if (hits.hits.length === 0) return;
      for (const { _source, sort } of hits.hits) {
        yield {
          text: String(_source!.message),
          generation: String(sort![0]),
          offset: Number(sort![1]),
        };
      }
      after = hits.hits.at(-1)!.sort;
    }
  }

  async clean(): Promise<string[]> {
    const id = this.#id;
    const faults = await faultsOf([
      ["topics", () =>
        this.#withAdmin(async (admin) => {
          const topics = (await admin.listTopics()).filter((name) => name.startsWith(id));
          if (topics.length > 0) await admin.deleteTopics({ topics });
        })],
      ["group", () => this.#withAdmin((admin) => admin.deleteGroups([id])).catch(noGroup)],
      ["indices", async () => {
        const found = await this.#elastic.indices.get({
          index: this.#index,
          allow_no_indices: true,
        });
        for (const index of Object.keys(found)) await this.#elastic.indices.delete({ index });
      }],
    ]);
    await this.#elastic.close();
    return faults;
  }

  async #withAdmin<T>(use: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = createKafka(this.#settings.agent.kafka, "selftest", 3).admin();
    try {
      await admin.connect();
      return await use(admin);
    } finally {
      await admin.disconnect();
    }
  }
}

/** A group that never was needs no removal. */
function noGroup(error: unknown): void {
  const groups = (error as { groups?: { errorCode: number }[] }).groups ?? [];
  if (groups.length === 0 || groups.some(({ errorCode }) => errorCode !== 69)) throw error;
}
