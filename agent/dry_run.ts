/**
 * `weir-agent --dry-run`: what the configuration would do on this host, before anything is applied. It reads the
 * configuration, the checkpoint and the files as the agent would, takes no lock, and writes and makes nothing: neither
 * here nor in etcd nor in Kafka.
 */
import { messageOf, WeirError } from "../core/errors.ts";
import type { Plan } from "../core/fleet/plan_schema.ts";
import { planText } from "../core/fleet/plan_text.ts";
import { systemClock } from "../core/ports/clock.ts";
import type { ConfigSnapshot } from "../core/ports/config_source.ts";
import type { Files } from "../core/ports/files.ts";
import { systemFiles } from "../core/system_files.ts";
import { APPLIED_COPY } from "./applied_copy.ts";
import { readCheckpoint } from "./checkpoint/checkpoint_store.ts";
import type { AgentSettings } from "./config.ts";
import { type Before, type PlanContext, type PlanLayer, planOf } from "./plan/plan.ts";
import { createSource, keysOf, placeOf } from "./source.ts";
import { BufferPool } from "./tail/buffers.ts";
import { searchedBefore } from "./tail/discovery.ts";
import { KnownFiles } from "./tail/known_files.ts";
import { mergeEntries, parseEntries } from "./tail/entries.ts";

const FILES_LISTED_MAX = 10_000;
/** Files of an entry of which lines are shown. */
const SAMPLED = 100;

export interface DryRunOptions {
  /** File with entries, instead of those that hold now. */
  entries?: string;
  /** First lines of a file. */
  lines: number;
}

/** A plan, and what it was made of. */
export interface DryRun {
  host: string;
  ip: string;
  /** Keys or file with the entries. */
  source: string;
  /** In etcd; 0 for a file. */
  revision: number;
  state: string;
  /** Generations of the checkpoint. */
  known: number;
  roots: readonly string[];
  /** What is not as in the agent's own run. */
  notes: string[];
  plan: Plan;
}

/** Rejects with CONFIG_INVALID, and with the source's error where neither it nor the last copy can be had. */
export async function dryRun(settings: AgentSettings, options: DryRunOptions): Promise<DryRun> {
  const notes: string[] = [];
  const place = await placeOf(settings).catch((error) => {
    notes.push(messageOf(error));
    return { host: settings.host === "" ? Deno.hostname() : settings.host, ip: "", groups: [] };
  });
  const { layers, source, revision } = await layersOf(settings, place, options, notes);
  const before = await beforeOf(settings, layers, notes);
  const context = await contextOf(settings, place.host, notes);
  const plan = await planOf(layers, before, {
    files: FILES_LISTED_MAX,
    opened: settings.tail.filesMax,
    lines: options.lines,
    sampled: SAMPLED,
  }, context);
  const known = before.count, { roots } = context;
  return { ...place, source, revision, state: settings.state, known, roots, notes, plan };
}

/** What a plan is made with on this machine; roots that cannot be resolved are noted. */
export async function contextOf(
  { tail, timezone }: AgentSettings,
  host: string,
  notes: string[] = [],
  files: Files = systemFiles,
): Promise<PlanContext> {
  const roots = await Promise.all(tail.roots.map(async (root) => {
    try {
      return await files.realPath(root);
    } catch (error) {
      notes.push(`root ${root}: ${messageOf(error)}`);
      return root;
    }
  }));
  const tz = timezone === "" ? Intl.DateTimeFormat().resolvedOptions().timeZone : timezone;
  const buffers = new BufferPool(2 * tail.lineBytesMax, 1);
  return { files, clock: systemClock, roots, tail, host, tz, buffers };
}

async function layersOf(
  settings: AgentSettings,
  place: { host: string; ip: string; groups: string[] },
  options: DryRunOptions,
  notes: string[],
): Promise<{ layers: PlanLayer[]; source: string; revision: number }> {
  if (options.entries !== undefined) {
    const name = options.entries;
    const entries = parseEntries(await systemFiles.readText(await absolute(name)), name);
    return { layers: [{ name, entries }], source: name, revision: 0 };
  }
  const snapshot = await snapshotOf(settings, place, notes);
  const keys = settings.source.file === ""
    ? keysOf(settings, place).map(({ key }) => key).join(" ")
    : settings.source.file;
  if (snapshot.text === null) notes.push("there is no configuration yet: nothing would be tailed");
  const layers = snapshot.layers?.map(({ name, text }) => ({
    name,
    entries: parseEntries(text, name),
  })) ?? [{ name: keys, entries: parseEntries(snapshot.text ?? "[]", keys) }];
  const revision = settings.source.file === "" ? snapshot.revision : 0;
  return { layers, source: keys, revision };
}

/** As the agent does at its start: the source, else the copy of what was applied last. */
async function snapshotOf(
  settings: AgentSettings,
  place: { host: string; ip: string; groups: string[] },
  notes: string[],
): Promise<ConfigSnapshot> {
  const source = createSource(settings, place, `dry-run-${crypto.randomUUID()}`);
  try {
    return await source.read();
  } catch (error) {
    notes.push(`${messageOf(error)}: the copy of what was applied last is shown`);
    try {
      const copy = JSON.parse(await systemFiles.readText(`${settings.state}/${APPLIED_COPY}`));
      return { revision: copy.revision, text: copy.value, layers: copy.layers, deleted: false };
    } catch {
      throw error; // there is no copy that could be used: what is wrong is the source
    }
  } finally {
    await source.close();
  }
}

async function beforeOf(
  { state }: AgentSettings,
  layers: readonly PlanLayer[],
  notes: string[],
): Promise<Before & { count: number }> {
  const { states, faults } = await readCheckpoint(systemFiles, state).catch((error) => {
    notes.push(`${messageOf(error)}: offsets are those of a first start`);
    return { states: [], faults: [] };
  });
  for (const { path, fault } of faults) notes.push(`${path} cannot be used: ${fault}`);
  const entries = mergeEntries(layers.map((layer) => layer.entries));
  const known = new KnownFiles();
  for (const state of states) known.add(state);
  return {
    known,
    count: states.length,
    searched: new Set(searchedBefore(entries, states)),
    live: false,
  };
}

async function absolute(path: string): Promise<string> {
  try {
    return await Deno.realPath(path);
  } catch (error) {
    throw new WeirError("CONFIG_UNREADABLE", `Cannot read "${path}": ${messageOf(error)}`, {
      hint: "Check the path, and that you may read it.",
    });
  }
}

/** The dry run as text. */
export function dryRunText(
  { host, ip, source, revision, state, known, roots, notes, plan }: DryRun,
) {
  const where = ip === "" ? host : `${host} (${ip})`;
  const lines = [
    `host: ${where}   as user: ${Deno.uid() ?? "?"}`,
    `entries from: ${source}${revision === 0 ? "" : `, revision ${revision}`}`,
    `checkpoint: ${state}, ${known} generations known   roots: ${roots.join(", ")}`,
    ...notes.map((note) => `note: ${note}`),
    "",
    ...planText(plan),
    "",
    "Nothing was applied, sent or written.",
  ];
  return lines.join("\n");
}
