/** `weir archive list` and `check`, `weir restore TOPIC DAY`: what the archive holds, and how it comes back. */
import { Command } from "commander";
import { WeirError } from "../../core/errors.ts";
import { systemClock } from "../../core/ports/clock.ts";
import { dayOf } from "../../core/record/identity.ts";
import { daysOf } from "../../core/archive/days.ts";
import { checkTopic, type DayCheck, type PartitionCheck } from "../../transfer/archive/inspect.ts";
import type { ObjectStore } from "../../core/archive/objects.ts";
import {
  indexFor,
  restoreDay,
  restoredIndex,
  restoreWriter,
} from "../../transfer/archive/restore.ts";
import { openObjects } from "../../core/archive/settings.ts";
import type { TransferSettings } from "../../transfer/config.ts";
import { isDay } from "../../transfer/consume/decode.ts";
import { rulesKnown } from "../../transfer/topics/rules_known.ts";
import { createTopicSettings } from "../../transfer/topics/source.ts";
import type { TopicPlan } from "../../transfer/topics/plan.ts";
import { writerPlan } from "../../transfer/transfer.ts";
import { runAndExit } from "../api_client.ts";
import { readTransferSettings } from "../transfer_settings.ts";
import { openStoreWriter } from "./store_writer.ts";

const CONFIG = ["-c, --config <file>", "settings of weir-transfer"] as const;
const DEFAULT_CONFIG = "/etc/weir/transfer.yaml";
const DAY_MS = 86_400_000;

export function archiveCommand(): Command {
  const list = new Command("list").description("topics and days, with objects and bytes")
    .argument("[topic]", "only this one")
    .option(...CONFIG, DEFAULT_CONFIG)
    .option("--json", "one JSON object a line")
    .action((topic, options) => runAndExit(() => listMain(topic, options)));
  const check = new Command("check")
    .description("whether every segment of a topic is there, without a gap")
    .argument("<topic>", "topic")
    .option(...CONFIG, DEFAULT_CONFIG)
    .option("--json", "one JSON object a line")
    .action((topic, options) => runAndExit(() => checkMain(topic, options)));
  return new Command("archive").description("objects that weir-transfer keeps for years")
    .addCommand(list).addCommand(check);
}

export function restoreCommand(): Command {
  return new Command("restore")
    .description("bring a day back from the archive, under the same ids")
    .argument("<topic>", "topic")
    .argument("<day>", "UTC day, such as 2026-11-21")
    .option(...CONFIG, DEFAULT_CONFIG)
    .option("--apart", "into an index of its own, also where the topic's keeps that day")
    .option("--store <folder>", "into an embedded store instead, that no process has open")
    .option("--json", "the sum as JSON")
    .action((topic, day, options) => runAndExit(() => restoreMain(topic, day, options)));
}

interface Options {
  config: string;
  json?: boolean;
}

function openArchive({ archive }: TransferSettings, file: string): ObjectStore {
  if (archive.location === "") {
    throw new WeirError("ARCHIVE_NONE", `${file} names no archive`, {
      hint: "Set archive.location, as weir-transfer's settings have it.",
    });
  }
  return openObjects(archive);
}

async function listMain(topic: string | undefined, options: Options): Promise<void> {
  const store = openArchive(readTransferSettings(options.config), options.config);
  const days = await daysOf(store, topic);
  for (const sum of days) {
    const { objects, bytes } = sum;
    console.log(
      options.json
        ? JSON.stringify(sum)
        : `${sum.day}  ${sum.topic}  ${objects} objects  ${(bytes / 1e6).toFixed(1)} MB`,
    );
  }
  if (days.length === 0) console.error(`Nothing in ${store.name}`);
}

async function checkMain(topic: string, options: Options): Promise<void> {
  const settings = readTransferSettings(options.config);
  const store = openArchive(settings, options.config);
  const plan = await planOf(settings, topic), { days } = plan.archive;
  const oldest = days === 0 ? "" : dayOf(Date.now() - days * DAY_MS);
  const found = await checkTopic(store, topic, oldest), { partitions } = found;
  for (const check of partitions) {
    console.log(options.json ? JSON.stringify(check) : checkText(check));
  }
  for (const check of found.days) {
    console.log(options.json ? JSON.stringify(check) : dayText(check));
  }
  if (partitions.length === 0) console.error(`Nothing of ${topic} in ${store.name}`);
  const faults = partitions.reduce(
    (sum, { gaps, missing, lost }) => sum + gaps.length + missing.length + lost.length,
    0,
  );
  const holes = found.days.filter(({ state }) => state === "hole").length;
  if (faults + holes > 0) {
    throw new WeirError(
      "ARCHIVE_INCOMPLETE",
      `Not all that was archived of ${topic} is there: ${faults} faults, ${holes} days with a hole`,
      {
        hint: "Bring the objects back from a backup; for a gap the entry that names its objects.",
      },
    );
  }
}

function checkText(check: PartitionCheck): string {
  const { partition, segments, records, repeats, next, gaps, pending, missing, lost } = check;
  const lines = [
    `partition ${partition}: ${records} records in ${segments} segments up to offset ${next}, ` +
    `${repeats} repeats left out`,
    ...pending.map(({ start, end }) => `  begun, not there yet: offsets ${start} to ${end}`),
    ...gaps.map(({ from, to }) => `  GAP: no segment has offsets ${from} to ${to}`),
    ...lost.map(([from, to]) => `  LOST: Kafka had removed offsets ${from} to ${to}`),
    ...missing.map(({ name, records }) => `  MISSING: ${name}, ${records} records`),
  ];
  return lines.join("\n");
}

function dayText(check: DayCheck): string {
  const { day, state, records, objects, bytes, revision, sealedMs, by, unsealed } = check;
  const sealed = revision === 0
    ? "not sealed"
    : `sealed ${new Date(sealedMs).toISOString()} by ${by}, revision ${revision}`;
  const lines = [
    `${day}  ${state}  ${records} records in ${objects} objects, ${
      (bytes / 1e6).toFixed(1)
    } MB, ${sealed}`,
  ];
  if (revision > 0 && unsealed > 0) lines.push(`  ${unsealed} records came since`);
  if (check.superseded > 0) {
    lines.push(`  ${check.superseded} objects are merged into others and not deleted yet`);
  }
  for (const { partition, from, to } of check.lost) {
    lines.push(`  LOST: Kafka had removed offsets ${from} to ${to} of partition ${partition}`);
  }
  for (const name of check.missing) lines.push(`  MISSING: ${name}`);
  return lines.join("\n");
}

interface RestoreOptions extends Options {
  apart?: boolean;
  store?: string;
}

async function restoreMain(topic: string, day: string, options: RestoreOptions): Promise<void> {
  if (!isDay(day)) {
    throw new WeirError("USAGE_DAY", `"${day}" is no day`, {
      hint: "Write it as 2026-11-21; weir archive list shows those that are there.",
    });
  }
  const settings = readTransferSettings(options.config);
  const store = openArchive(settings, options.config), plan = await planOf(settings, topic);
  const where = options.apart ? "apart" : indexFor(plan, day, Date.now());
  const writer = options.store === undefined
    ? restoreWriter(settings, plan, writerPlan(plan, settings.index), where)
    : openStoreWriter(options.store);
  try {
    const sum = await restoreDay(store, writer, {
      topic,
      day,
      clock: systemClock,
      signal: new AbortController().signal,
      tell: ({ objects, records }, of) => {
        if (!options.json) console.error(`${objects} of ${of} objects, ${records} lines`);
      },
    });
    const index = where === "apart"
      ? restoredIndex(topic, day)
      : plan.names.targetOf(topic, day).index;
    const target = options.store ?? index;
    if (options.json) console.log(JSON.stringify({ ...sum, target }));
    else {
      console.log(`${sum.created} lines restored to ${target}, ${sum.existed} were there`);
      if (where === "apart" && options.store === undefined) {
        console.log(`Nothing deletes that index: delete it when it is no longer needed.`);
      }
    }
    if (sum.rejected > 0) {
      throw new WeirError("RESTORE_REJECTED", `${sum.rejected} lines were refused`, {
        hint:
          "The topic's rule may read them in a way that the index refuses: see weir transfer --dry-run.",
      });
    }
  } finally {
    await writer.close();
  }
}

/** The plan of a topic by the rules that are in force. */
async function planOf(settings: TransferSettings, topic: string): Promise<TopicPlan> {
  const rules = createTopicSettings(settings, {});
  rules.start();
  try {
    await rulesKnown(rules);
    return rules.of(topic);
  } finally {
    await rules.stop();
  }
}
