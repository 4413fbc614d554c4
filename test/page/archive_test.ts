/** The archive on the page, in a real Chromium: searched when somebody asks, stopped, gone on with; its lines are marked. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { FolderObjects } from "../../core/archive/folder_objects.ts";
import { dataName } from "../../core/archive/names.ts";
import { recordOf } from "../../core/ports/document_store_conformance.ts";
import type { DocumentReader, LogRecord } from "../../core/ports/document_store.ts";
import { dayOf } from "../../core/record/identity.ts";
import { ArchiveSearch } from "../../search/archive/archive.ts";
import { ObjectEncoder } from "../../transfer/archive/encode.ts";
import { plainShape } from "../../transfer/index/shape_fixture.ts";
import { look } from "./look.ts";
import { allNumbers, browserEnds, pageTest, search, sees } from "./page_tests.ts";
import { type Site, START_MS, TOPIC } from "./site.ts";

const DAY_MS = 86_400_000, OLDER = 30; // lines of each older day
const FILE = { generation: "AAAAAAAAAAAAAAAA", host: "web-1", path: "/var/log/shop/app.log" };
const OLD = { ...FILE, generation: "OOOOOOOOOOOOOOOO" };
const OLDER_FILE = { ...FILE, generation: "PPPPPPPPPPPPPPPP" };

/** Objects of the days before wait until they are let go. */
class HeldObjects extends FolderObjects {
  readonly gate = Promise.withResolvers<void>();
  /** Days whose objects wait. */
  held = "";

  override async slice(name: string, from: number, to: number) {
    if (this.held !== "" && name.includes(this.held)) await this.gate.promise;
    return await super.slice(name, from, to);
  }
}

function linesAt(startMs: number, count: number, file: typeof FILE, first: number): LogRecord[] {
  let offset = 0;
  return Array.from({ length: count }, (_, i) => {
    const time = new Date(startMs + i * 1000).toISOString(), number = first + i;
    const levels = ["INFO", "INFO", "DEBUG", "INFO", "WARN", "INFO", "ERROR"];
    const text = `${time} ${levels[number % 7]} order number=${number} took ${number % 50} ms`;
    const record = recordOf(TOPIC, text, offset, file);
    offset += record.length;
    return { ...record, day: dayOf(startMs) };
  });
}

/** An archive beside the site: the lines of its index, and as many of each of two days before. */
async function archived(): Promise<
  { objects: HeldObjects; search: ArchiveSearch; of: (site: Site) => void }
> {
  const objects = new HeldObjects(await Deno.makeTempDir({ prefix: "weir-archive-" }));
  const put = async (day: number, records: LogRecord[]) => {
    const bytes = new ObjectEncoder().encode(records, plainShape(TOPIC), START_MS, "parquet");
    const start = 10_000 - day * 1000;
    await objects.put(dataName(TOPIC, records[0].day, 0, start, start + 100, "parquet"), bytes);
  };
  await put(0, linesAt(START_MS, 20, FILE, 0));
  await put(1, linesAt(START_MS - DAY_MS, OLDER, OLD, 1000));
  await put(4, linesAt(START_MS - 4 * DAY_MS, OLDER, OLDER_FILE, 2000));
  let reader: DocumentReader | undefined;
  const index = {
    search: (...asked: Parameters<DocumentReader["search"]>) => reader!.search(...asked),
  };
  const bounds = { days: 4, bytes: 2 ** 30, timeout: 60_000, lateDays: 1, searches: 1 };
  return {
    objects,
    search: new ArchiveSearch(objects, index as DocumentReader, bounds),
    of: (site) => void (reader = site.store),
  };
}

const archive = await archived();

/** Numbers of the drawn lines, and whether each is marked as archived. */
function drawn(page: Page): Promise<[number, boolean][]> {
  return page.locator(".space .row .message").evaluateAll((cells) =>
    cells.map((cell): [number, boolean] => [
      Number(/number=(\d+)/.exec(cell.textContent!)?.[1]),
      cell.querySelector(".archived") !== null,
    ])
  );
}

const options = {
  lines: 20,
  server: { archive: archive.search },
  before: (site: Site) => Promise.resolve(archive.of(site)),
};

pageTest("archived days are searched when asked, stopped, gone on with", async ({ page }) => {
  await sees(page, "number=19 ");
  assert.equal(await page.locator(".archived").count(), 0);
  archive.objects.held = `day=${dayOf(START_MS - 4 * DAY_MS)}`;
  const button = page.getByRole("button", { name: "Archive", exact: true });
  await button.focus();
  await page.keyboard.press("Enter");
  await page.waitForURL(/archive=1/);
  const bar = page.getByRole("group", { name: "Archive" });
  await bar.getByRole("progressbar").waitFor();
  await sees(page, "number=1029 ");
  await look(page, "archive-searching");
  await bar.getByRole("button", { name: "Stop" }).click();
  await bar.getByText(/^Stopped; the archive was searched back to 2/).waitFor();
  archive.objects.held = "";
  archive.objects.gate.resolve();
  await bar.getByRole("button", { name: "Search further back" }).click();
  await bar.getByText(/^The archive was searched to its end/).waitFor();
  // Each once, over both searches; those of the index are not marked.
  assert.deepEqual(await allNumbers(page), [
    ...Array.from({ length: 20 }, (_, i) => i),
    ...Array.from({ length: OLDER }, (_, i) => 1000 + i),
    ...Array.from({ length: OLDER }, (_, i) => 2000 + i),
  ]);
  const shown = page.getByText(`${20 + 2 * OLDER} lines loaded`);
  await shown.waitFor();
  for (const [number, marked] of await drawn(page)) assert.equal(marked, number >= 1000);
  assert.equal(archive.search.running, 0);
}, options);

pageTest("a query finds archived lines, each once; dark, and in Chinese", async ({ page }) => {
  await search(page, "level:error");
  await sees(page, "number=13 ");
  await page.getByRole("button", { name: "归档", exact: true }).click();
  await page.getByText("归档已全部搜索").waitFor();
  // Every seventh line is an error.
  const errors = (first: number, count: number, marked: boolean) =>
    Array.from({ length: count }, (_, i): [number, boolean] => [first + i, marked])
      .filter(([number]) => number % 7 === 6);
  assert.deepEqual(await drawn(page), [
    ...errors(2000, OLDER, true),
    ...errors(1000, OLDER, true),
    ...errors(0, 20, false),
  ]);
  await look(page, "archive-dark-zh");
  await page.getByRole("button", { name: "不含归档" }).click();
  await page.locator(".archived").first().waitFor({ state: "detached" });
  await sees(page, "number=13 ");
}, { ...options, page: { colorScheme: "dark", locale: "zh-CN" } });

browserEnds();

Deno.test("the archive ends", async () => {
  await Deno.remove(archive.objects.name, { recursive: true });
});
