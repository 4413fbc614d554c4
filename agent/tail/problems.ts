/** What could not be read, and why: a list for status, and one line in the log for each path until it can be read. */
import { messageOf, WeirError } from "../../core/errors.ts";
import { logOf } from "../../core/log.ts";
import { isHanging } from "../../core/timely_files.ts";
import type { Problem } from "./discovery.ts";

const PROBLEMS_MAX = 1000, COMPLAINED_MAX = 10_000;

export class Problems {
  readonly #log = logOf("agent.tail");
  readonly #complained = new Set<string>();
  #list: Problem[] = [];

  get list(): readonly Problem[] {
    return this.#list;
  }

  /** A search begins: what it found wrong replaces what was. */
  begin(found: readonly Problem[]): void {
    this.#list = [...found];
    for (const problem of found) {
      this.add(problem.path, new WeirError(problem.code, problem.reason, problem));
    }
  }

  add(path: string, error: unknown): void {
    const problem = {
      path,
      code: error instanceof WeirError ? error.code : "FILE_FAILED",
      reason: messageOf(error),
      retriable: error instanceof WeirError && error.retriable,
    };
    if (this.#list.length < PROBLEMS_MAX && !this.#list.some((one) => one.path === path)) {
      this.#list.push(problem);
    }
    if (isHanging(error)) return; // told once for the whole mount
    if (this.#complained.has(path)) return;
    if (this.#complained.size > COMPLAINED_MAX) this.#complained.clear();
    this.#complained.add(path);
    this.#log.warn("Cannot read", {
      ...problem,
      hint: error instanceof WeirError ? error.hint : "",
    });
  }

  /** It can be read: where that ends, it is told again. */
  solved(path: string): void {
    this.#complained.delete(path);
  }
}
