/**
 * The part of a program that tells its detail by Kafka: a look at each interval, written where something changed, and
 * once in a while where nothing did, so that a page that starts later finds it. What cannot be written is told once in
 * the log and holds nothing up.
 */
import type { Kafka } from "kafkajs";
import { messageOf } from "../errors.ts";
import { SideTopic } from "../kafka/side_topic.ts";
import type { Part } from "../lifecycle.ts";
import { logOf } from "../log.ts";
import { type Clock, systemClock } from "../ports/clock.ts";
import { boundedDetail, type DetailState, type FleetDetail } from "./detail.ts";
import { randomId } from "./identity.ts";
import type { DetailSettings } from "./settings.ts";

/** How long Kafka keeps what nobody repeats; an unchanged detail is repeated four times as often. */
const RETENTION_MS = 3_600_000;
const REPEAT_MS = RETENTION_MS / 4;

export interface DetailPartOptions {
  kafka: Kafka;
  settings: DetailSettings;
  about: Pick<FleetDetail, "id" | "host" | "program">;
  state: () => DetailState;
  clock?: Clock;
}

export class DetailPart implements Part {
  readonly name = "detail";
  readonly #options: DetailPartOptions;
  readonly #clock: Clock;
  readonly #side: SideTopic;
  readonly #instance = randomId();
  readonly #end = new AbortController();
  readonly #before = new Map<string, number>();
  #lookedMs = 0;
  #running: Promise<void> = Promise.resolve();
  #failing = false;
  #written = { text: "", atMs: -Infinity };

  constructor(options: DetailPartOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#side = new SideTopic(options.kafka, {
      topic: options.settings.topic,
      retentionMs: RETENTION_MS,
      config: { "segment.ms": String(RETENTION_MS / 4) },
    });
  }

  start(): void {
    this.#running = this.#run();
  }

  async #run(): Promise<void> {
    const { interval } = this.#options.settings;
    while (!this.#end.signal.aborted) {
      await this.#clock.sleep(interval, this.#end.signal);
      if (!this.#end.signal.aborted) await this.#tell();
    }
  }

  async #tell(): Promise<void> {
    const { about, state } = this.#options;
    const detail = boundedDetail(
      { ...about, instance: this.#instance, atMs: this.#clock.wallMs() },
      this.#rated(state()),
    );
    const text = JSON.stringify({ ...detail, atMs: 0 }), now = this.#clock.monotonicMs();
    if (text === this.#written.text && now - this.#written.atMs < REPEAT_MS) return;
    try {
      await this.#side.write([{ key: about.id, value: JSON.stringify(detail) }]);
      this.#written = { text, atMs: now };
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) {
        logOf("fleet.detail").warn("Cannot tell what is worked on; the work goes on", {
          topic: this.#options.settings.topic,
          reason: messageOf(error),
        });
      }
      this.#failing = true;
    }
  }

  /** With lines a second since the last look. */
  #rated(state: DetailState): DetailState {
    const now = this.#clock.monotonicMs(), apartMs = Math.max(1, now - this.#lookedMs);
    const isFirst = this.#lookedMs === 0;
    const files = state.files?.map((file) => {
      const before = this.#before.get(keyOf(file));
      const grown = isFirst ? 0 : Math.max(0, file.lines - (before ?? 0));
      return { ...file, rate: Math.round(grown / apartMs * 10_000) / 10 };
    });
    this.#lookedMs = now;
    this.#before.clear();
    for (const file of files ?? []) this.#before.set(keyOf(file), file.lines);
    return { ...state, ...(files && { files }) };
  }

  async stop(deadlineMs: number): Promise<void> {
    this.#end.abort();
    const late = new AbortController();
    await Promise.race([this.#running, this.#clock.sleep(deadlineMs * 0.5, late.signal)]);
    late.abort();
    await this.#side.close();
  }
}

function keyOf({ generation, topic }: { generation: string; topic: string }): string {
  return `${generation} ${topic}`;
}
