/** `weir top`: a living view of the chain on a terminal; printed once where there is no terminal. */
import { Command, InvalidArgumentError, Option } from "commander";
import { EXIT, messageOf } from "../../core/errors.ts";
import { type LiveProgram, LiveTable } from "../../core/fleet/live_table.ts";
import { systemClock } from "../../core/ports/clock.ts";
import { stateOf } from "../../search/fleet/fleet_view.ts";
import { connect, type ConnectionOptions, withConnection } from "../config/connection.ts";
import { guarded } from "../config/guarded.ts";
import { type Order, ORDERS, plainScreen, screen } from "./screen.ts";
import { type Key, Terminal } from "./terminal.ts";

interface TopOptions extends ConnectionOptions {
  once?: boolean;
  interval: number;
  order: Order;
  limit: number;
}

export function topCommand(): Command {
  return withConnection(new Command("top"))
    .description("watch agents, transfers and what is behind; q ends it")
    .option("--once", "print it once; so it is where there is no terminal")
    .option("--interval <seconds>", "between two looks", seconds, 2)
    .addOption(new Option("--order <by>", "what stands first").choices(ORDERS).default("state"))
    .option("--limit <n>", "programs that are printed once", whole, 50)
    .action((options: TopOptions) => guarded(() => top(options), "weir top"));
}

async function top(options: TopOptions): Promise<number> {
  const { etcd, settings } = await connect(options);
  const table = new LiveTable({
    read: (work) => etcd.read(work),
    prefix: settings.keys.live,
    timeoutMs: settings.etcd.timeout,
    clock: systemClock,
  });
  if (options.once || !Deno.stdout.isTerminal() || !Deno.stdin.isTerminal()) {
    const programs = await table.programs();
    const { order, limit } = options;
    for (const line of plainScreen(programs, { order, limit, time: timeText() })) console.log(line);
    return programs.every((one) => stateOf(one) === "well") ? EXIT.ok : EXIT.runtime;
  }
  return await watch(table, options);
}

/** Draws until q, Ctrl-C or a signal; the terminal is as it was afterwards, whatever happens. */
async function watch(table: LiveTable, { interval, ...options }: TopOptions): Promise<number> {
  let programs: LiveProgram[] = [], fault = "", offset = 0, offsetMax = 0, { order } = options;
  using terminal = new Terminal();
  const draw = () => {
    const found = screen(programs, {
      ...{ order, offset, fault },
      ...terminal.size(),
      colour: !Deno.noColor,
      time: timeText(),
    });
    offsetMax = found.offsetMax;
    terminal.draw(found.lines);
  };
  const look = async () => {
    try {
      programs = await table.programs(0);
      fault = "";
    } catch (error) {
      fault = messageOf(error); // what was known stays on the screen; it is tried again
    }
    if (!terminal.ended.aborted) draw();
  };
  terminal.onResize = draw;
  terminal.onKey = (key) => {
    const page = Math.max(1, terminal.size().rows - 6);
    const moves: Partial<Record<Key, number>> = {
      up: -1,
      down: 1,
      pageUp: -page,
      pageDown: page,
      home: -offset,
      end: offsetMax,
    };
    if (key === "s") order = ORDERS[(ORDERS.indexOf(order) + 1) % ORDERS.length];
    offset = Math.min(offsetMax, Math.max(0, offset + (moves[key] ?? 0)));
    draw();
  };
  while (!terminal.ended.aborted) {
    await look();
    await systemClock.sleep(interval * 1000, terminal.ended);
  }
  return EXIT.ok;
}

function timeText(): string {
  return new Date(systemClock.wallMs()).toTimeString().slice(0, 8);
}

function seconds(text: string): number {
  const value = Number(text);
  if (value >= 0.2 && value <= 3600) return value;
  throw new InvalidArgumentError("Expected seconds, 0.2 to 3600.");
}

function whole(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError("Expected a whole number from 1 on.");
}
