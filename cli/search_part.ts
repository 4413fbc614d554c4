/** The search server as a part that is made when it starts: only then what it reads and shows is there. */
import type { Part } from "../core/lifecycle.ts";
import {
  createSearchServer,
  type SearchServer,
  type SearchServerOptions,
} from "../search/server.ts";

export class SearchPart implements Part {
  readonly name = "search";
  readonly #options: () => SearchServerOptions;
  #server: SearchServer | undefined;

  constructor(options: () => SearchServerOptions) {
    this.#options = options;
  }

  /** Where it listens, with the real port; throws before it started. */
  get url(): string {
    if (this.#server === undefined) throw new Error("The search server has not started");
    return this.#server.url;
  }

  start(): Promise<void> | void {
    this.#server = createSearchServer(this.#options());
    return this.#server.start();
  }

  async stop(deadlineMs: number): Promise<void> {
    await this.#server?.stop(deadlineMs);
  }
}
