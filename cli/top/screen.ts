/**
 * What `weir top` shows, as lines of text: sums of the chain, then one line a program. Pure: programs, size and order in,
 * lines out, none wider than the terminal, nothing in them that a terminal would take for a command.
 */
import type { LiveProgram } from "../../core/fleet/live_table.ts";
import { safeText } from "../../core/log.ts";
import { type FleetAnswer, selectFleet } from "../../search/fleet/fleet_view.ts";

export const ORDERS = ["state", "lag", "host"] as const;
export type Order = typeof ORDERS[number];

export interface ScreenOptions {
  order: Order;
  /** Programs to leave out at the top: how far it was scrolled. */
  offset: number;
  columns: number;
  /** Lines in all. */
  rows: number;
  colour: boolean;
  /** What the clock shows, "10:20:31". */
  time: string;
  /** Why nothing newer is known; empty where it is. */
  fault: string;
}

export interface Screen {
  lines: string[];
  /** How far it can be scrolled. */
  offsetMax: number;
}

const HEAD = ["state", "host", "program", "configuration", "work", "behind", "lines/s", "says"];
const RIGHT = new Set([4, 5, 6]);
const GAP = "  ";
/** Of host and says, so that one long name does not push the rest away. */
const HOST_MAX = 40;

export function screen(programs: readonly LiveProgram[], options: ScreenOptions): Screen {
  const { rows, columns, order, fault } = options;
  const all = selectFleet(programs, {
    ...{ program: "", words: "", state: "", offset: 0 },
    order,
    limit: Math.max(1, programs.length),
  });
  const head = [...sums(all, options), ...fault === "" ? [] : [`! ${safeText(fault)}`], ""];
  const room = Math.max(1, rows - head.length - 2);
  const offsetMax = Math.max(0, all.programs.length - room);
  const offset = Math.min(options.offset, offsetMax);
  const shown = all.programs.slice(offset, offset + room);
  const table = tableOf(shown);
  const below = all.programs.length - offset - shown.length;
  const foot = `q ends, s sorts (${order}), arrows scroll${below > 0 ? `; ${below} more` : ""}`;
  const lines = [...head, ...table, ...Array(room - shown.length).fill(""), foot];
  const states = shown.map(({ state }) => state);
  return {
    lines: lines.map((line, i) => {
      const cut = cutTo(line, columns);
      const state = states[i - head.length - 1];
      return options.colour ? coloured(cut, i === head.length ? "head" : state) : cut;
    }),
    offsetMax,
  };
}

/** All of it without a terminal: no colour, no bound but `limit` programs. */
export function plainScreen(
  programs: readonly LiveProgram[],
  options: Pick<ScreenOptions, "order" | "time"> & { limit: number },
): string[] {
  const all = selectFleet(programs, {
    ...{ program: "", words: "", state: "", offset: 0 },
    order: options.order,
    limit: options.limit,
  });
  const left = all.matches - all.programs.length;
  return [
    ...sums(all, options),
    "",
    ...tableOf(all.programs),
    ...left > 0 ? [`${left} more: --limit`] : [],
  ];
}

function sums({ counts, totals }: FleetAnswer, { time }: { time: string }): string[] {
  const running = Object.entries(counts).map(([program, { well, unwell, failed }]) => {
    const parts = [`${well} well`];
    if (unwell > 0) parts.push(`${unwell} unwell`);
    if (failed > 0) parts.push(`${failed} refused`);
    return `${program}s: ${parts.join(", ")}`;
  });
  const chain = [
    `lines/s ${short(totals.linesPerSecond ?? 0)}`,
    `behind ${bytes(totals.lagBytes ?? 0)} in files`,
  ];
  if (totals.lagRecords !== undefined) chain.push(`${short(totals.lagRecords)} records in Kafka`);
  if (totals.deadLetters !== undefined) chain.push(`dead letters ${short(totals.deadLetters)}`);
  return [
    `weir top ${time}   ${running.length === 0 ? "nothing is registered" : running.join("   ")}`,
    chain.join("   "),
  ];
}

function tableOf(programs: FleetAnswer["programs"]): string[] {
  const rows = [HEAD, ...programs.map(cellsOf)];
  const widths = HEAD.map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  return rows.map((row) =>
    row.map((cell, i) => RIGHT.has(i) ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))
      .join(GAP).trimEnd()
  );
}

function cellsOf(one: FleetAnswer["programs"][number]): string[] {
  const { applied, health, summary, rates } = one;
  const { files, partitions, lagBytes, lagRecords } = summary;
  return [
    one.state === "failed" ? "refused" : one.state,
    safeText(one.host, HOST_MAX),
    one.program,
    applied.state === "NONE"
      ? ""
      : `${applied.state} ${applied.revision}${applied.candidate === "" ? "" : " trial"}`,
    files !== undefined ? `${files} files` : partitions !== undefined ? `${partitions} parts` : "",
    lagBytes !== undefined ? bytes(lagBytes) : lagRecords !== undefined ? short(lagRecords) : "",
    rates.lines === undefined ? "" : short(rates.lines),
    safeText([applied.reason, ...health.reasons].filter((text) => text !== "").join("; "), 200),
  ];
}

/** 950, 12.3k, 4.5M */
function short(count: number): string {
  if (count < 10_000) return String(Math.round(count));
  return count < 1e6 ? `${(count / 1e3).toFixed(1)}k` : `${(count / 1e6).toFixed(1)}M`;
}

function bytes(count: number): string {
  if (count < 1000) return `${Math.round(count)} B`;
  if (count < 1e6) return `${(count / 1e3).toFixed(1)} kB`;
  return count < 1e9 ? `${(count / 1e6).toFixed(1)} MB` : `${(count / 1e9).toFixed(2)} GB`;
}

/** Wide characters take two columns. */
function cutTo(line: string, columns: number): string {
  let width = 0, end = 0;
  for (const char of line) {
    width += char.codePointAt(0)! >= 0x1100 ? 2 : 1;
    if (width > columns) return line.slice(0, end);
    end += char.length;
  }
  return line;
}

const COLOURS: Readonly<Record<string, string>> = {
  head: "\x1b[1m",
  failed: "\x1b[31m",
  unwell: "\x1b[33m",
};

function coloured(line: string, what: string | undefined): string {
  const colour = COLOURS[what ?? ""];
  return colour === undefined ? line : `${colour}${line}\x1b[0m`;
}
