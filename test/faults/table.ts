/** What runs of the fault suite say at their end: a row for each fault over all of them, and for each run its lines. */
import { boundMs, type Outcome, type Played, seconds } from "./run_faults.ts";

/** A Markdown table, with the verdict over all lines of each run below it. */
export function tableText(outcomes: readonly Outcome[]): string {
  const played = outcomes.flatMap((outcome) => outcome.played);
  const byName = Map.groupBy(played, ({ fault }) => fault.name);
  const rows = [...byName].sort(([a], [b]) => a < b ? -1 : 1).map(([name, all]) =>
    rowOf(name, all)
  );
  return [
    "| fault | cases | times | recovery, s: min | median | max | bound |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...rows,
    ...outcomes.flatMap((outcome) => ["", ...runText(outcome)]),
  ].join("\n");
}

function runText(outcome: Outcome): string[] {
  const { options, played, verdict, lines, minutes, peaks, failure } = outcome;
  const late = lateOf(outcome), all = sorted(played.map(({ recoveryMs }) => recoveryMs));
  return [
    `seed ${options.seed}: ${lines} lines, ${played.length} faults, ${
      minutes.toFixed(1)
    } minutes: ` +
    `${verdict.lost} lost, ${verdict.doubled} doubled, ${verdict.reordered} reordered, ` +
    `${verdict.damaged} damaged; ${verdict.repeated} repeats in Kafka, taken once`,
    `recovery: median ${seconds(median(all))} s, longest ${seconds(all.at(-1) ?? 0)} s, ` +
    `${late.length} beyond their bound`,
    ...late.map((one) => `beyond its bound: ${one.fault.name}, ${seconds(one.recoveryMs)} s`),
    ...verdict.firstLost.map((line) => `lost: ${line}`),
    ...verdict.firstReordered.map((line) => `reordered: ${line}`),
    ...[...peaks].map(([name, { rssBytes, handles, threads }]) =>
      `${name}: at most ${
        Math.round(rssBytes / 2 ** 20)
      } MiB, ${handles} handles, ${threads} threads`
    ),
    ...failure === undefined ? [] : [`ended early: ${failure.split("\n", 1)[0]}`],
  ];
}

/** Recoveries that took longer than is promised. */
export function lateOf({ played }: Outcome): Played[] {
  return played.filter((one) => one.recoveryMs > boundMs(one.fault));
}

function rowOf(name: string, all: readonly Played[]): string {
  const times = sorted(all.map(({ recoveryMs }) => recoveryMs)), { fault } = all[0];
  const cells = [
    name,
    fault.cases.join(", "),
    all.length,
    seconds(times[0]),
    seconds(median(times)),
    seconds(times.at(-1)!),
    seconds(boundMs(fault)),
  ];
  return `| ${cells.join(" | ")} |`;
}

/** Lines that break the promise; one more where the run ended early. */
export function faultsFound({ verdict, failure }: Outcome): number {
  return (failure === undefined ? 0 : 1) + verdict.lost + verdict.doubled + verdict.reordered +
    verdict.damaged;
}

function sorted(values: number[]): number[] {
  return values.sort((a, b) => a - b);
}

function median(values: readonly number[]): number {
  return values[Math.floor(values.length / 2)] ?? 0;
}
