/**
 * The agent as a composition of parts: configuration source, tail, checkpoint, sink. weir-agent
 * gives it etcd and Kafka, `weir up` gives it a fixed configuration and the embedded store.
 */
import { messageOf, WeirError } from "../core/errors.ts";
import type { DetailState } from "../core/fleet/detail.ts";
import type { LayeredKey } from "../core/etcd/layered_source.ts";
import type { Question } from "../core/fleet/question_schema.ts";
import type { ProgramState } from "../core/fleet/registration_schema.ts";
import type { Seal } from "../core/ledger/seal.ts";
import type { Part } from "../core/lifecycle.ts";
import { logOf } from "../core/log.ts";
import type { Registry } from "../core/metrics/registry.ts";
import type { Clock } from "../core/ports/clock.ts";
import type { ConfigSnapshot, ConfigSource } from "../core/ports/config_source.ts";
import { type Files, isNotFound } from "../core/ports/files.ts";
import type { LineSink } from "../core/ports/line_sink.ts";
import { lockState } from "../core/state_lock.ts";
import { APPLIED_COPY, AppliedCopy } from "./applied_copy.ts";
import { CheckpointStore } from "./checkpoint/checkpoint_store.ts";
import type { TailSettings } from "./config.ts";
import type { Progress } from "./ledger/sealer.ts";
import { AgentMetrics } from "./metrics.ts";
import { BufferPool } from "./tail/buffers.ts";
import type { Planned } from "./plan/answer_part.ts";
import { layersWith, livePlan } from "./plan/live_plan.ts";
import { mergeEntries, parseEntries } from "./tail/entries.ts";
import { TailSet } from "./tail/tail_set.ts";

export interface AgentOptions {
  /** Folder of the checkpoint. */
  state: string;
  host: string;
  tz: string;
  tail: TailSettings;
  source: ConfigSource;
  /** Made when the agent starts, after its metrics. */
  sink: (metrics: AgentMetrics) => LineSink;
  registry: Registry;
  clock: Clock;
  files: Files;
  /** Age of a file whose last line is not waited with, ms. @default {Infinity} */
  restedMs?: number;
  /** What cannot be read at the start is told by whoever runs the agent, and not in the log. @default {false} */
  firstIsTold?: boolean;
  /** Hears of each change of what is applied. */
  onApplied?: () => void;
}

/** APPLYING until everything was looked for once with the new entries. */
interface AppliedState {
  revision: number;
  result: "NONE" | "APPLYING" | "APPLIED" | "FAILED";
  reason: string;
  candidate: string;
  /** Revisions by key, where it is made of several. */
  keys: Record<string, number>;
  entries: number;
}

const CHECKPOINT_MS = 1000;
/** Topics whose lines wait that are named as reasons. */
const HOLDING_TOLD = 3;

export class Agent implements Part {
  readonly name = "agent";
  readonly #options: AgentOptions;
  readonly #log = logOf("agent");
  readonly #checkpoint: CheckpointStore;
  readonly #copy: AppliedCopy;
  readonly #metrics: AgentMetrics;
  readonly #end = new AbortController();
  #set: TailSet | undefined;
  #sink: LineSink | undefined;
  #unlock: () => void = () => {};
  #loops: Promise<unknown>[] = [];
  #applied: AppliedState = {
    revision: 0,
    result: "NONE",
    reason: "",
    candidate: "",
    keys: {},
    entries: 0,
  };
  #sourceFault = "";
  #lastValue: string | undefined;
  #layers: ConfigSnapshot["layers"];

  constructor(options: AgentOptions) {
    this.#options = options;
    this.#checkpoint = new CheckpointStore(options.files, options.clock, options.state);
    this.#copy = new AppliedCopy(options.files, options.state);
    this.#metrics = new AgentMetrics(options.registry, () => this.#set, () => this.#checkpoint);
  }

  async start(): Promise<void> {
    const { clock, files, tail, state, source } = this.#options;
    this.#unlock = await lockState(state);
    this.#sink = this.#options.sink(this.#metrics);
    const roots = await this.#resolveRoots(tail.roots);
    this.#set = new TailSet(
      {
        files,
        checkpoint: this.#checkpoint,
        roots,
        filesMax: tail.filesMax,
        openMax: tail.openMax,
        turnMs: tail.partialFlush + 1000,
        sweepMs: tail.sweep,
        detachedMs: tail.detached,
        copyHoldMs: tail.copyHold,
        bufferBytesMax: tail.bufferBytes,
        forgetMs: tail.forget,
        skipBinary: tail.skipBinary,
        firstIsTold: this.#options.firstIsTold ?? false,
      },
      {
        clock,
        sink: this.#sink,
        buffers: new BufferPool(
          Math.max(tail.chunkBytes, 2 * tail.lineBytesMax),
          16,
          (bytes) => this.#sink?.buffer?.(bytes),
        ),
        host: this.#options.host,
        tz: this.#options.tz,
        lineBytesMax: tail.lineBytesMax,
        partialFlushMs: tail.partialFlush,
        restedMs: this.#options.restedMs,
      },
      this.#metrics.tailEvents,
    );
    await this.#set.start();
    await this.#begin(source);
    this.#loops.push(this.#saveLoop());
  }

  /** Roots as they are resolved now; one that is not there yet is taken as it is written. */
  async #resolveRoots(roots: readonly string[]): Promise<string[]> {
    const resolved: string[] = [];
    for (const root of roots) {
      try {
        resolved.push(await this.#options.files.realPath(root));
      } catch (error) {
        this.#log.warn("A root cannot be read", { root, reason: messageOf(error) });
        resolved.push(root);
      }
    }
    return resolved;
  }

  /** The source's value if it can be had now, else the copy of what was applied last; then the watch. */
  async #begin(source: ConfigSource): Promise<void> {
    try {
      this.#onSnapshot(await source.read());
    } catch (error) {
      this.#sourceFault = messageOf(error);
      this.#log.warn("Configuration source does not answer", {
        source: source.name,
        reason: this.#sourceFault,
      });
    }
    if (!["APPLYING", "APPLIED"].includes(this.#applied.result)) await this.#applyCopy();
    this.#loops.push(source.watch(
      (snapshot) => {
        this.#sourceFault = "";
        this.#onSnapshot(snapshot);
      },
      (error) => {
        this.#sourceFault = messageOf(error);
        this.#log.warn("Configuration source does not answer", {
          source: source.name,
          reason: this.#sourceFault,
        });
      },
      this.#end.signal,
    ));
  }

  async #applyCopy(): Promise<void> {
    try {
      const text = await this.#options.files.readText(`${this.#options.state}/${APPLIED_COPY}`);
      const { revision, value, layers } = JSON.parse(text) as {
        revision: number;
        value: string;
        layers?: ConfigSnapshot["layers"];
      };
      const refused = this.#applied.result === "FAILED" ? this.#applied : undefined;
      this.#apply({ revision, text: value, layers, deleted: false });
      if (refused !== undefined) this.#set!.discovered.then(() => this.#refused(refused));
      this.#log.info("Going on with the last configuration that was applied", { revision });
    } catch (error) {
      if (isNotFound(error)) return;
      this.#log.warn("Cannot use the copy of the last configuration", { reason: messageOf(error) });
    }
  }

  #onSnapshot(snapshot: ConfigSnapshot): void {
    if (snapshot.text === null && !snapshot.deleted) {
      if (this.#applied.entries > 0) {
        this.#metrics.reload("kept");
        this.#log.error("The configuration vanished without being deleted: nothing is changed", {
          source: this.#options.source.name,
          hint: "Was etcd restored or replaced? Write the key again; [] ends all tails.",
        });
      }
      return;
    }
    const value = snapshot.text ?? "[]", candidate = snapshot.candidate ?? "";
    if (value === this.#lastValue && candidate === this.#applied.candidate) return;
    this.#lastValue = value;
    if (!this.#apply(snapshot) || candidate !== "") return; // a candidate is not to outlive a restart
    this.#copy.save(snapshot).catch((error) => {
      this.#log.warn("Cannot keep a copy of the configuration", { reason: messageOf(error) });
    });
  }

  #apply({ text, layers, revision, candidate = "" }: ConfigSnapshot): boolean {
    try {
      const entries = layers === undefined
        ? parseEntries(text ?? "[]", this.#options.source.name)
        : mergeEntries(layers.map((layer) => parseEntries(layer.text, layer.name)));
      const looked = this.#set!.apply(entries);
      this.#layers = layers;
      const applying: AppliedState = {
        revision,
        result: "APPLYING",
        reason: "",
        candidate,
        keys: revisionsOf(layers),
        entries: entries.length,
      };
      this.#applied = applying;
      looked.then(() => {
        if (this.#applied !== applying) return; // a later one
        applying.result = "APPLIED";
        this.#options.onApplied?.();
      });
      this.#metrics.reload("applied");
      this.#log.info("Configuration applied", { revision, candidate, entries: entries.length });
      this.#options.onApplied?.();
      return true;
    } catch (error) {
      this.#metrics.reload("refused");
      this.#log.error("Configuration refused, the last good one goes on", {
        revision,
        candidate,
        reason: messageOf(error),
      });
      const keys = revisionsOf(layers);
      this.#refused({ ...this.#applied, revision, candidate, keys, reason: messageOf(error) });
      return false;
    }
  }

  /** The newest value is not in force, whatever goes on instead. */
  #refused(state: AppliedState): void {
    this.#applied = { ...state, result: "FAILED", entries: this.#applied.entries };
    this.#options.onApplied?.();
  }

  /** Writes the checkpoint each second while it changes. */
  async #saveLoop(): Promise<void> {
    const { clock } = this.#options;
    let last = "";
    while (!this.#end.signal.aborted) {
      await clock.sleep(CHECKPOINT_MS, this.#end.signal);
      const now = this.#set!.progress();
      if (now === last) continue;
      try {
        await this.#set!.save();
        last = now;
      } catch (error) {
        this.#log.error("Cannot write the checkpoint; lines are read again after a restart", {
          reason: messageOf(error),
        });
      }
    }
  }

  async stop(deadlineMs: number): Promise<void> {
    this.#end.abort();
    const sinkStopped = this.#sink?.stop(deadlineMs * 0.8);
    await this.#set?.stop(deadlineMs * 0.9);
    await sinkStopped;
    await Promise.all(this.#loops);
    await this.#options.source.close();
    await this.#copy.settled();
    this.#unlock();
  }

  /** Resolves when everything was looked for once; the agent must have started. */
  get discovered(): Promise<void> {
    return this.#set!.discovered;
  }

  /** Why the agent does not do all of its work now; empty where it does. */
  notReady(): string[] {
    const reasons: string[] = [];
    if (this.#applied.result === "NONE") {
      reasons.push(`no configuration yet from ${this.#options.source.name}`);
    }
    if (this.#sourceFault !== "") reasons.push(`configuration source: ${this.#sourceFault}`);
    if (this.#checkpoint.lastError !== undefined) {
      reasons.push(`checkpoint: ${this.#checkpoint.lastError.message}`);
    }
    const failed = this.#set?.status(10_000).find((row) => row.failure !== "");
    if (failed !== undefined) reasons.push(`${failed.topic}: ${failed.failure}`);
    for (const { topic, error } of this.#sink?.holding?.().slice(0, HOLDING_TOLD) ?? []) {
      reasons.push(`${topic}: ${error.code}: ${error.message}`);
    }
    return reasons;
  }

  /** For the registration: what is applied, health, a few figures. */
  state(): ProgramState {
    const rows = this.#set?.status(10_000) ?? [], problems = this.#set?.problems ?? [];
    const reasons = this.notReady(), ok = reasons.length === 0;
    for (const { path, code, reason } of problems.slice(0, 3)) {
      reasons.push(`${path}: ${code}: ${reason}`);
    }
    const { revision, result, reason, candidate, keys } = this.#applied;
    return {
      applied: { revision, state: result, reason, candidate, keys },
      health: { ok, reasons, problems: problems.length },
      summary: {
        files: rows.length,
        lagBytes: rows.reduce((sum, row) => sum + row.lagBytes, 0),
        failing: rows.filter((row) => row.failure !== "").length,
        lines: this.#metrics.linesAcknowledged,
        bytes: this.#metrics.bytesAcknowledged,
      },
    };
  }

  /** What is tailed, file by file, and what cannot be. */
  detail(): DetailState {
    return {
      files: (this.#set?.status(10_000) ?? []).map(({ readOffset: _, ...row }) => ({
        ...row,
        rate: 0,
      })),
      problems: this.#set?.problems ?? [],
    };
  }

  /**
   * What the configuration would do here with another value of one key. Rejects with CONFIG_INVALID, PLAN_ENDED;
   * AGENT_NOT_STARTED before the start.
   */
  async plan(
    keys: readonly LayeredKey[],
    target: string,
    question: Question,
    signal: AbortSignal,
  ): Promise<Planned> {
    const set = this.#set, { clock, files, host, tz, tail } = this.#options;
    if (set === undefined) {
      throw new WeirError("AGENT_NOT_STARTED", "The agent starts", { retriable: true });
    }
    const layers = layersWith(keys, this.#layers ?? [], target, question.text);
    const roots = await this.#resolveRoots(tail.roots);
    const buffers = new BufferPool(2 * tail.lineBytesMax, 1);
    const context = { clock, files, host, tz, tail, roots, buffers };
    return await livePlan(layers, question, set, context, signal);
  }

  /** How far each generation is for each topic, for the ledger; empty before the start. */
  shipped(): Progress[] {
    return this.#set?.shipped() ?? [];
  }

  /** The ledger has these seals. */
  sealed(seals: readonly Seal[]): void {
    this.#set?.sealed(seals);
  }

  status() {
    return {
      host: this.#options.host,
      guarantee: this.#sink?.guarantee ?? "",
      source: this.#options.source.name,
      configuration: this.#applied,
      files: this.#set?.status() ?? [],
      problems: this.#set?.problems.slice(0, 1000) ?? [],
    };
  }
}

function revisionsOf(layers: ConfigSnapshot["layers"]): Record<string, number> {
  return Object.fromEntries((layers ?? []).map(({ key, revision }) => [key, revision]));
}
