/**
 * The page over Elasticsearch as people meet it: lines go through a real Kafka and a transfer into a real Elasticsearch,
 * `weir page` reads them, Chromium shows them: search, histogram, facets, the lines around one, live lines.
 */
import assert from "node:assert/strict";
import type { Program } from "../support/process.ts";
import { openBrowser, openPage } from "../page/browser.ts";
import { type Line, Site, until } from "../transfer/site.ts";
import { elasticsearchUrl } from "./indexed.ts";
import { addressOf, ways, weir } from "./weir_process.ts";

const GENERATION = "AbCdEfGh01234-_9";
const START_MS = Date.UTC(2026, 10, 21, 8);
const LEVELS = ["INFO", "INFO", "DEBUG", "INFO", "WARN", "INFO", "ERROR"];

/** Lines of one file, numbered on from call to call. */
function linesOf(topic: string, from: number, count: number): Line[] {
  return Array.from({ length: count }, (_, i) => {
    const number = from + i;
    const time = new Date(START_MS + number * 1000).toISOString();
    const value = `${time} ${LEVELS[number % 7]} order number=${
      String(number).padStart(5, "0")
    } ok`;
    const length = value.length + 1;
    return { topic, value, generation: GENERATION, offset: number * 100, length };
  });
}

Deno.test({
  name: "weir page: search, histogram, facets, context and live lines over Elasticsearch",
  sanitizeOps: false, // the clients keep sockets and timers for a while
  sanitizeResources: false,
  async fn() {
    const site = await Site.open();
    const way = ways().at(-1)!;
    let program: Program | undefined;
    try {
      const topic = await site.topic("shop");
      await site.transfer();
      await site.send(linesOf(topic, 0, 700));
      await until("700 documents", async () => await site.count() === 700);
      program = weir(way, [
        "page",
        ...["--elasticsearch", await elasticsearchUrl()],
        ...["--index", `${site.prefix}-*`, "--listen", "127.0.0.1:0"],
      ]);
      const url = await addressOf(program);
      await api(url, topic);
      await inBrowser(url, (from) => site.send(linesOf(topic, from, 5)));
      assert.equal((await program.stop()).code, 0);
    } finally {
      await program?.kill9();
      await site.close();
    }
  },
});

async function api(url: string, topic: string): Promise<void> {
  const get = async (path: string) => await (await fetch(`${url}${path}`)).json();
  assert.deepEqual(await get("api/count?q=level:error"), { count: 100 });
  assert.deepEqual(await get("api/count?q=%22number%3D00012%22"), { count: 1 });
  const histogram = await get("api/histogram?bars=20");
  assert.equal(histogram.total, 700);
  const { fields } = await get("api/fields");
  assert.deepEqual(fields.find((one: any) => one.field === "log.level").values[0], {
    value: "info",
    count: 400,
  });
  const place = `topic=${topic}&generation=${GENERATION}&offset=35000&before=2&after=2`;
  const { lines, at } = await get(`api/context?${place}`);
  assert.deepEqual([lines.map((line: any) => line["log.offset"]), at], [
    [34800, 34900, 35000, 35100, 35200],
    2,
  ]);
  assert.equal(await (await fetch(`${url}readyz`)).text(), "ready\n");
}

async function inBrowser(url: string, send: (from: number) => Promise<void>): Promise<void> {
  const browser = await openBrowser();
  try {
    const { page, complaints, foreign } = await openPage(browser, url);
    const sees = (text: string) => page.locator(".space .row", { hasText: text }).first().waitFor();
    await sees("number=00699 ");
    await page.locator(".mode.following").waitFor();
    await page.locator(".histogram rect.bar").first().waitFor();
    await send(700);
    await sees("number=00704 ");
    await page.fill("#query", 'level:error "number=0000"');
    await page.keyboard.press("Escape");
    await page.focus("#query");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.querySelectorAll(".space .row").length === 1);
    await sees("number=00006 ");
    assert.deepEqual([complaints, foreign], [[], []]);
  } finally {
    await browser.close();
  }
}
