/** What every ConfigSource must do, as tests that any adapter runs. */
import assert from "node:assert/strict";
import type { ConfigSnapshot, ConfigSource } from "./config_source.ts";

export interface OpenConfigSource {
  source: ConfigSource;
  put(text: string): Promise<void>;
  remove(): Promise<void>;
  close(): Promise<void>;
}

/** Waits until the last snapshot is what is wanted; the watch may have merged those between. */
async function untilLast(
  seen: ConfigSnapshot[],
  wanted: (last: ConfigSnapshot | undefined) => boolean,
): Promise<void> {
  for (const end = performance.now() + 20_000; !wanted(seen.at(-1));) {
    if (performance.now() > end) throw new Error(`Last seen: ${JSON.stringify(seen.at(-1))}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Registers the tests for one adapter. */
export function configSourceConformance(name: string, open: () => Promise<OpenConfigSource>): void {
  const test = (what: string, work: (opened: OpenConfigSource) => Promise<void>) =>
    Deno.test({
      name: `ConfigSource, ${name}: ${what}`,
      // gRPC keeps its connection for a while after it is closed.
      sanitizeOps: false,
      sanitizeResources: false,
      async fn() {
        const opened = await open();
        try {
          await work(opened);
        } finally {
          await opened.source.close();
          await opened.close();
        }
      },
    });

  const watching = async (
    source: ConfigSource,
    work: (seen: ConfigSnapshot[]) => Promise<void>,
  ) => {
    const seen: ConfigSnapshot[] = [];
    const end = new AbortController();
    const watch = source.watch((snapshot) => seen.push(snapshot), () => {}, end.signal);
    try {
      await work(seen);
    } finally {
      end.abort();
      await watch;
    }
  };

  test("reads nothing where nothing is, then what was put", async ({ source, put }) => {
    assert.equal((await source.read()).text, null);
    await put('[{"path": "/a"}]');
    assert.equal((await source.read()).text, '[{"path": "/a"}]');
  });

  test("tells the watcher what is there and every last change, revisions growing", async ({ source, put }) => {
    await put("one");
    await watching(source, async (seen) => {
      await untilLast(seen, (last) => last?.text === "one");
      await put("two");
      await untilLast(seen, (last) => last?.text === "two");
      for (let i = 0; i < 20; i++) await put(`value ${i}`);
      await untilLast(seen, (last) => last?.text === "value 19");
      const revisions = seen.map((snapshot) => snapshot.revision);
      assert.deepEqual(revisions, [...revisions].sort((a, b) => a - b));
    });
  });

  test("says of a deletion that it saw that it is one", async ({ source, put, remove }) => {
    await put("one");
    await watching(source, async (seen) => {
      await untilLast(seen, (last) => last?.text === "one");
      await remove();
      await untilLast(seen, (last) => last?.text === null && last.deleted);
      await put("back");
      await untilLast(seen, (last) => last?.text === "back");
    });
  });

  test("ends its watch when told", async ({ source }) => {
    const end = new AbortController();
    const watch = source.watch(() => {}, () => {}, end.signal);
    end.abort();
    await watch;
  });
}
