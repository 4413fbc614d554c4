/**
 * The client's connections to one node. It promises beyond the client's own: where a request was not answered in time,
 * none of the connections that were there goes on to another. They may be as dead as the one that it waited on, after
 * a firewall or a way that forgot them without a word, and each would be waited for in turn.
 */
import {
  type ConnectionRequestParams,
  type ConnectionRequestResponse,
  errors,
  UndiciConnection,
} from "@elastic/elasticsearch";

type ConnectionOptions = ConstructorParameters<typeof UndiciConnection>[0];
// deno-lint-ignore no-explicit-any -- the client's class has overloads that cannot be met otherwise
type Any = any;

export class NodeConnection extends UndiciConnection {
  readonly #options: ConnectionOptions;
  /** performance.now() when its connections began to be made. */
  #madeMs = performance.now();
  /** performance.now() of the last answer on them. */
  #heardMs = -Infinity;

  constructor(options: ConnectionOptions) {
    super(options);
    this.#options = options;
  }

  override async request(params: ConnectionRequestParams, options: Any): Promise<Any> {
    const sinceMs = performance.now();
    try {
      const answer: ConnectionRequestResponse = await super.request(params, options);
      this.#heardMs = performance.now();
      return answer;
    } catch (error) {
      if (error instanceof errors.TimeoutError) this.unanswered(sinceMs);
      throw error;
    }
  }

  /**
   * Behind a request that was not answered in time: the next one makes a connection. What is under way on the others
   * ends by itself, or with `isOver` at once, by a ConnectionError, where nothing was heard on any since.
   * @param sinceMs performance.now() when that request began
   */
  protected unanswered(sinceMs: number, isOver = false): void {
    if (this.#madeMs > sinceMs) return; // made anew meanwhile
    const { pool } = this;
    this.pool = new UndiciConnection(this.#options).pool;
    this.#madeMs = performance.now();
    const ended = isOver && this.#heardMs <= sinceMs ? pool.destroy(silent()) : pool.close();
    ended.catch(() => {}); // gone already
  }
}

/** What ends a request whose connection was silent for as long as another was waited for. */
export function silent(): Error {
  return new errors.ConnectionError("Nothing was heard from this node within a request's time");
}
