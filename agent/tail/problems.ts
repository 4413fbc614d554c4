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
  /** Of the search that is under way. */
  #found: Problem[] | undefined;
  /** What is found now is told by somebody else. */
  #isTold: boolean;

  /** @param options `firstIsTold`: whoever runs the tail tells of what the first search finds; it is not in the log */
  constructor({ firstIsTold = false }: { firstIsTold?: boolean } = {}) {
    this.#isTold = firstIsTold;
  }

  get list(): readonly Problem[] {
    return this.#list;
  }

  /**
   * A search begins: what it finds wrong is added, and replaces what was at its end. Before that nothing is taken back:
   * who looks meanwhile would see an agent without a problem.
   */
  begin(found: readonly Problem[]): void {
    this.#found = [];
    for (const problem of found) {
      this.add(problem.path, new WeirError(problem.code, problem.reason, problem));
    }
  }

  /** @param isFirst false: a search before it is known what is to be tailed */
  end(isFirst = true): void {
    this.#list = this.#found ?? this.#list;
    this.#found = undefined;
    if (isFirst) this.#isTold = false;
  }

  add(path: string, error: unknown): void {
    const problem = {
      path,
      code: error instanceof WeirError ? error.code : "FILE_FAILED",
      reason: messageOf(error),
      retriable: error instanceof WeirError && error.retriable,
    };
    for (const list of [this.#list, ...this.#found === undefined ? [] : [this.#found]]) {
      if (list.length < PROBLEMS_MAX && !list.some((one) => one.path === path)) list.push(problem);
    }
    if (isHanging(error)) return; // told once for the whole mount
    if (this.#complained.has(path)) return;
    if (this.#complained.size > COMPLAINED_MAX) this.#complained.clear();
    this.#complained.add(path);
    if (this.#isTold) return;
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
