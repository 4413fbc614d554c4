/** Where a self-test sends its lines: what it starts, how it reads back, and what it removes at its end. */
import { messageOf, WeirError } from "../../core/errors.ts";
import { Child } from "./child.ts";
import type { ReadLine } from "./numbered_files.ts";

export interface SelftestSite {
  /** For the report, such as "embedded store". */
  name: string;
  children: readonly Child[];
  /** What a killed child must wait for beside its start. */
  moreMs: number;
  /** The children's ways to servers, where there are any and they can be cut. */
  readonly ways?: { cutFor(ms: number): Promise<void> };
  /** Checks that all servers answer, and makes what the test needs. Rejects with what cannot be reached. */
  prepare(): Promise<void>;
  /** Lines that have arrived, repeats included; rejects where nobody answers. */
  arrived(): Promise<number>;
  read(): AsyncIterable<ReadLine>;
  /** Removes all that `prepare` and the children made; what cannot be removed is said in the result. */
  clean(): Promise<string[]>;
}

const TIMEOUT_MS = 30_000;

/** `weir up` over the files: no server. */
export class EmbeddedSite implements SelftestSite {
  readonly name = "weir up, embedded store";
  readonly children: readonly Child[];
  readonly moreMs = 0;
  #url = "";

  constructor(folder: string) {
    const args = ["up", `${folder}/logs`, "--data", `${folder}/data`, "--no-journal"];
    this.children = [
      new Child("weir up", [...args, "--listen", "127.0.0.1:0"], (text) => {
        this.#url = /Weir is at\s+(http:\S+)/.exec(text)?.[1] ?? this.#url;
      }),
    ];
  }

  async prepare(): Promise<void> {}

  async arrived(): Promise<number> {
    const answer = await this.#get("api/count?q=");
    return (await answer.json()).count;
  }

  async *read(): AsyncGenerator<ReadLine> {
    const answer = await this.#get("api/export?q=&order=oldest&timeout=10m", 600_000);
    let rest = "";
    for await (const text of answer.body!.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        if (line === "") continue;
        const found = JSON.parse(line);
        yield {
          text: found.message,
          generation: found["log.file.generation"],
          offset: found["log.offset"],
        };
      }
    }
  }

  clean(): Promise<string[]> {
    return Promise.resolve([]); // all of it is in the folder
  }

  async #get(path: string, timeoutMs = TIMEOUT_MS): Promise<Response> {
    const token = Deno.env.get("WEIR_TOKEN");
    const answer = await fetch(this.#url + path, {
      headers: token ? { authorization: `Bearer ${token}` } : {},
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (answer.ok) return answer;
    await answer.body?.cancel();
    throw new WeirError("SELFTEST_ANSWER", `${this.#url} answers ${answer.status}`, {
      hint: "WEIR_PASSWORD in the environment keeps the self-test out: run it without.",
    });
  }
}

/** Runs all of them and gives what went wrong. */
export async function faultsOf(
  work: readonly [string, () => Promise<unknown>][],
): Promise<string[]> {
  const faults: string[] = [];
  for (const [what, run] of work) {
    try {
      await run();
    } catch (error) {
      faults.push(`${what}: ${messageOf(error)}`);
    }
  }
  return faults;
}
