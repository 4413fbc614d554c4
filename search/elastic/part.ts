/** The reader over Elasticsearch as a part of a program: made from settings, and asked now and then whether it works. */
import type { Client } from "@elastic/elasticsearch";
import { messageOf } from "../../core/errors.ts";
import type { Part } from "../../core/lifecycle.ts";
import { logOf } from "../../core/log.ts";
import type { PageSettings } from "../config.ts";
import { ElasticReader } from "./reader.ts";
import { Requests } from "./requests.ts";

const CHECK_MS = 15_000;

export class ElasticPart implements Part {
  readonly name = "elasticsearch";
  readonly reader: ElasticReader;
  readonly #requests: Requests;
  readonly #stop = new AbortController();
  #timer: ReturnType<typeof setInterval> | undefined;
  #fault = "";
  #documents: number | undefined;

  constructor(client: Client, settings: PageSettings) {
    this.#requests = new Requests(client, {
      index: settings.index.join(","),
      timeoutMs: settings.search.timeout,
      answerBytesMax: settings.search.answerBytesMax,
    });
    this.reader = new ElasticReader({
      requests: this.#requests,
      pollMs: settings.live.poll,
      windowMs: settings.live.window,
    });
  }

  /** Why nothing can be read; empty where it can. */
  notReady(): string[] {
    return this.#fault === "" ? [] : [this.#fault];
  }

  /** Documents when it was last asked; undefined before that was answered. */
  get documents(): number | undefined {
    return this.#documents;
  }

  /** Elasticsearch need not be there: the page says that it is not. */
  async start(): Promise<void> {
    await this.#check();
    this.#timer = setInterval(() => this.#check(), CHECK_MS);
  }

  async #check(): Promise<void> {
    try {
      const { hits } = await this.#requests.search(
        { size: 0, track_total_hits: true, query: { exists: { field: "@timestamp" } } },
        AbortSignal.any([this.#stop.signal, AbortSignal.timeout(CHECK_MS)]),
      );
      this.#documents = hits.total?.value ?? 0;
      if (this.#fault !== "") logOf("search.elastic").info("Elasticsearch can be read again");
      this.#fault = "";
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      const fault = messageOf(error);
      if (this.#fault === "") {
        logOf("search.elastic").error("Cannot read Elasticsearch", { reason: fault });
      }
      this.#fault = fault;
    }
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stop.abort();
    await this.reader.close();
  }
}
