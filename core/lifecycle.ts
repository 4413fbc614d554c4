/**
 * Starts the parts of a program in order and stops them in reverse, within a deadline. A part that fails to start
 * stops those before it. SIGTERM and SIGINT stop; a second signal ends at once.
 */
import { messageOf } from "./errors.ts";
import { logOf } from "./log.ts";

export interface Part {
  name: string;
  start(): Promise<void> | void;
  /** Drains and closes within `deadlineMs`. */
  stop(deadlineMs: number): Promise<void> | void;
}

/** Starts all parts; where one fails, stops the started ones in reverse and rejects with its error. */
export async function startParts(parts: readonly Part[], deadlineMs: number): Promise<void> {
  for (let i = 0; i < parts.length; i++) {
    try {
      await parts[i].start();
    } catch (error) {
      await stopParts(parts.slice(0, i), deadlineMs);
      throw error;
    }
  }
}

/** Stops the parts in reverse order, sharing one deadline; says which failed or did not end in time. */
export async function stopParts(parts: readonly Part[], deadlineMs: number): Promise<void> {
  const log = logOf("lifecycle");
  const end = performance.now() + deadlineMs;
  for (const part of [...parts].reverse()) {
    const left = Math.max(0, end - performance.now());
    const since = performance.now();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<"late">((resolve) => {
      timer = setTimeout(() => resolve("late"), left + 250);
    });
    try {
      const result = await Promise.race([
        Promise.resolve(part.stop(left)).then(() => "done"),
        late,
      ]);
      if (result === "late") log.warn("Part did not stop within the deadline", { part: part.name });
      else log.debug("Stopped", { part: part.name, ms: Math.round(performance.now() - since) });
    } catch (error) {
      log.error("Part failed to stop", { part: part.name, reason: messageOf(error) });
    } finally {
      clearTimeout(timer);
    }
  }
}

/**
 * Runs until a signal comes or `end` aborts, then stops everything. Resolves with the exit code; the caller ends the
 * process with it, because some client libraries keep it alive after close.
 */
export async function runParts(
  parts: readonly Part[],
  deadlineMs: number,
  end?: AbortSignal,
): Promise<number> {
  // Listened for from the beginning: the last part may say that all is up, and be asked to end at once.
  let up = false;
  const ended = waitForEnd(end, () => up);
  await startParts(parts, deadlineMs);
  up = true;
  await ended;
  await stopParts(parts, deadlineMs);
  return 0;
}

/**
 * Resolves at the first SIGTERM or SIGINT, or when `end` aborts; the second signal ends the process with 130. A signal
 * before it is up ends it as if nobody listened.
 */
export function waitForEnd(end?: AbortSignal, isUp: () => boolean = () => true): Promise<void> {
  return new Promise((resolve) => {
    if (end?.aborted) return resolve();
    let seen = false;
    const onSignal = (code: number) => () => {
      if (seen || !isUp()) Deno.exit(seen ? 130 : code);
      seen = true;
      resolve();
    };
    Deno.addSignalListener("SIGTERM", onSignal(143));
    Deno.addSignalListener("SIGINT", onSignal(130));
    end?.addEventListener("abort", () => resolve(), { once: true });
  });
}
