/** The page in a real Chromium: what people see and do, and that log text stays text. */
import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import { openBrowser, type Opened, openPage } from "./browser.ts";
import type { SearchServerOptions } from "../../search/server.ts";
import { TcpProxy } from "../support/tcp_proxy.ts";
import { Site, START_MS } from "./site.ts";

const browserOnce: { browser?: Browser } = {};

/** One browser for all tests of this file; ended by the last test. */
async function browser(): Promise<Browser> {
  return browserOnce.browser ??= await openBrowser();
}

interface Made extends Opened {
  site: Site;
  /** What the page reaches the server through, where the test asks for it. */
  proxy: TcpProxy;
}

function pageTest(
  name: string,
  run: (made: Made) => Promise<void>,
  options: {
    lines?: number;
    path?: string;
    page?: Parameters<typeof openPage>[2];
    complaints?: boolean;
    before?: (site: Site) => Promise<void>;
    server?: Partial<SearchServerOptions>;
    proxied?: boolean;
  } = {},
): void {
  Deno.test({
    name: `page: ${name}`,
    // The browser lives from the first test to the last one.
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      const site = await Site.open(options.server);
      try {
        await site.addNumbered(options.lines ?? 100);
        await options.before?.(site);
        const proxy = await TcpProxy.to(new URL(site.url).host);
        const opened = await openPage(
          await browser(),
          (options.proxied ? `${proxy.url}/` : site.url) + (options.path ?? ""),
          options.page,
        );
        try {
          await run({ ...opened, site, proxy });
          assert.deepEqual(opened.foreign, [], "requests to elsewhere");
          if (options.complaints !== true) assert.deepEqual(opened.complaints, []);
        } finally {
          await opened.close();
          await proxy.close();
        }
      } finally {
        await site.close();
      }
    },
  });
}

/** Texts of the messages that are drawn, top to bottom. */
function messages(page: Page): Promise<string[]> {
  return page.locator(".space .row .message bdi").allTextContents();
}

/** Numbers of the drawn lines. */
async function numbers(page: Page): Promise<number[]> {
  return (await messages(page)).map((text) => Number(/number=(\d+)/.exec(text)?.[1]));
}

async function search(page: Page, query: string): Promise<void> {
  await page.fill("#query", query);
  await page.keyboard.press("Escape");
  await page.focus("#query");
  await page.keyboard.press("Enter");
}

const follows = (page: Page) => page.locator(".mode.following").waitFor();

/** Waits until a line can be seen. */
const sees = (page: Page, text: string) =>
  page.locator(".space .row", { hasText: text }).first().waitFor();

pageTest("shows the newest lines and follows new ones at the bottom", async ({ page, site }) => {
  await sees(page, "number=99 ");
  await follows(page);
  await site.addNumbered(5);
  await sees(page, "number=104 ");
  const list = await page.locator("#list").evaluate((box) =>
    box.scrollHeight - box.scrollTop - box.clientHeight
  );
  assert(list < 4, `${list} px from the end`);
});

pageTest(
  "reads back to the first line, each line once and in order",
  async ({ page }) => {
    await sees(page, "number=899 ");
    // What is looked at stays in its place when older lines come in above: up again until there are none.
    const beginning = page.getByText("This is the beginning");
    for (let round = 0; await beginning.count() === 0; round++) {
      assert(round < 1000, "the beginning was never reached");
      await page.locator("#list").evaluate((box) => {
        box.scrollTop = 0;
        return new Promise((resolve) => requestAnimationFrame(resolve));
      });
    }
    const seen = new Set<number>();
    let last = -1;
    for (let top = 0;; top += 400) {
      await page.locator("#list").evaluate((box, at) => box.scrollTop = at, top);
      await page.waitForFunction(() => {
        const drawn = document.querySelector(".window")!.getBoundingClientRect();
        const seen = document.getElementById("list")!.getBoundingClientRect();
        return drawn.bottom >= seen.bottom - 4;
      });
      const now = await numbers(page);
      assert.deepEqual(now, [...now].sort((a, b) => a - b));
      for (const number of now) seen.add(number);
      const end = await page.locator("#list").evaluate((box) =>
        box.scrollHeight - box.clientHeight - box.scrollTop
      );
      if (end < 4 || top === last) break;
      last = top;
    }
    const missing = Array.from({ length: 900 }, (_, i) => i).filter((i) => !seen.has(i));
    assert.deepEqual(missing, []);
  },
  { lines: 900 },
);

pageTest(
  "pauses when somebody scrolls up, says how many came, goes on at a click",
  async (made) => {
    const { page, site } = made;
    await sees(page, "number=199 ");
    await follows(page);
    await page.locator("#list").evaluate((box) => box.scrollTop -= 900);
    await page.locator(".mode.paused").waitFor();
    const before = await page.locator("#list").evaluate((box) => box.scrollTop);
    const first = (await numbers(page))[0];
    await site.addNumbered(12);
    const pill = page.getByRole("button", { name: "12 new lines" });
    await pill.waitFor();
    assert.equal(await page.locator("#list").evaluate((box) => box.scrollTop), before);
    assert.equal((await numbers(page))[0], first);
    await pill.click();
    await sees(page, "number=211 ");
    await follows(page);
  },
  { lines: 200 },
);

pageTest("searches, keeps the query in the address, and points at faults", async ({ page }) => {
  await sees(page, "number=99 ");
  await search(page, "level:error number=6");
  await page.waitForFunction(() => document.querySelectorAll(".space .row").length === 1);
  assert.deepEqual(await numbers(page), [6]);
  assert.equal(new URL(page.url()).searchParams.get("q"), "level:error number=6");
  await page.locator("mark", { hasText: "number=6" }).waitFor();
  await page.fill("#query", "foo (bar");
  const fault = page.locator("#query-fault");
  await fault.waitFor();
  assert.match(await fault.innerText(), /foo \(bar\n {6}\^/);
  assert.match(await fault.innerText(), /5: this "\(" is never closed\. Add "\)"/);
  assert.equal(await page.locator("#query").getAttribute("aria-invalid"), "true");
  await page.goBack();
  await sees(page, "number=99 ");
  assert.equal(await page.inputValue("#query"), "");
});

pageTest("level chips and facets change the query", async ({ page }) => {
  await page.getByRole("button", { name: /^error/ }).click();
  await page.waitForFunction(() => location.search.includes("q="));
  assert.equal(await page.inputValue("#query"), "level:error");
  await page.getByRole("button", { name: /^warn/ }).click();
  assert.equal(await page.inputValue("#query"), "level:(error OR warn)");
  await sees(page, "number=97 ");
  await page.getByRole("button", { name: "Without web-1" }).click();
  await page.getByText("No line fits this search").waitFor();
  await page.getByRole("button", { name: "Clear the query" }).last().click();
  await sees(page, "number=99 ");
});

pageTest(
  "a chip for lines without a level; it and the levels exclude one another",
  async (made) => {
    const { page } = made;
    const none = page.getByRole("button", { name: /^none\s*3$/ });
    await none.click();
    await sees(page, "plain words 2");
    assert.equal(await page.inputValue("#query"), "-level:*");
    assert.deepEqual(await messages(page), ["plain words 0", "plain words 1", "plain words 2"]);
    await page.locator(".level-none[aria-pressed=true]").waitFor();
    await page.getByRole("button", { name: /^error/ }).click();
    await sees(page, "number=97 ");
    assert.equal(await page.inputValue("#query"), "level:error");
    await page.getByRole("button", { name: /^none/ }).click();
    await sees(page, "plain words 2");
    await page.getByRole("button", { name: /^none/ }).click();
    await sees(page, "number=99 ");
    assert.equal(await page.inputValue("#query"), "");
  },
  { before: (site) => site.add(["plain words 0", "plain words 1", "plain words 2"], 1) },
);

pageTest(
  "a line of JSON opens as a tree; its parts close, the raw text is a click away",
  async (made) => {
    const { page } = made;
    await sees(page, "hello");
    await page.locator(".row .toggle button").last().click();
    const tree = page.locator(".details .tree").first();
    await tree.getByText("deep:").waitFor();
    assert.equal(await tree.getByText("hidden:").count(), 0);
    await tree.getByText("inner").click();
    await tree.getByText("hidden:").waitFor();
    await tree.locator("summary", { hasText: "list" }).focus();
    await page.keyboard.press("Enter");
    await tree.getByText("second").waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Raw" }).click();
    await page.locator(".details pre.raw", { hasText: '{"time":' }).waitFor();
  },
  {
    before: (site) =>
      site.add([
        '{"time":"2026-11-21T09:00:00Z","msg":"hello","outer":{"deep":1,"inner":{"hidden":true}},"list":["first","second"]}',
      ], 1),
  },
);

const PLACE = `${START_MS + 50_000}~CCCCCCCCCCCCCCCC~0~shop`;

pageTest(
  "a link to a line that is gone says so, shows its copy and the lines around",
  async (made) => {
    const { page } = made;
    const bar = page.locator(".gone");
    await bar.getByText("no longer kept").waitFor();
    await bar.getByText("2026-11-21 08:00:50.000  error  web-9  /old.log  <b>it broke</b>")
      .waitFor();
    await sees(page, "number=49 ");
    await sees(page, "number=51 ");
    await bar.getByRole("button", { name: "Close" }).click();
    assert.equal(await bar.count(), 0);
  },
  {
    complaints: true,
    path: `?line=${encodeURIComponent(PLACE)}#copy=${
      encodeURIComponent(
        JSON.stringify(["2026-11-21T08:00:50Z", "error", "web-9", "/old.log", "<b>it broke</b>"]),
      )
    }`,
  },
);

/** All numbers of the list, from its first row to its last. */
async function allNumbers(page: Page): Promise<number[]> {
  const seen = new Set<number>();
  for (let top = 0, end = 1; end > 0; top += 300) {
    end = await page.locator("#list").evaluate((box, at) => {
      box.scrollTop = at;
      return new Promise<number>((resolve) =>
        requestAnimationFrame(() =>
          requestAnimationFrame(() =>
            resolve(box.scrollHeight - box.clientHeight - box.scrollTop - 4)
          )
        )
      );
    }, top);
    for (const number of await numbers(page)) seen.add(number);
  }
  return [...seen].sort((a, b) => a - b);
}

pageTest("a connection that is lost again and again leaves no gap", async (made) => {
  const { page, site, proxy } = made;
  await sees(page, "number=9 ");
  await follows(page);
  for (let round = 1; round <= 3; round++) {
    await proxy.down();
    await page.getByText("Connection lost").first().waitFor();
    await site.addNumbered(30);
    await proxy.up();
    await sees(page, `number=${9 + 30 * round} `);
    await follows(page);
  }
  assert.deepEqual(await allNumbers(page), Array.from({ length: 100 }, (_, i) => i));
}, { lines: 10, complaints: true, proxied: true });

pageTest(
  "a tail that begins anew while somebody reads leaves the place and no gap",
  async (made) => {
    const { page, site, proxy } = made;
    await sees(page, "number=99 ");
    await follows(page);
    await page.locator("#list").evaluate((box) => box.scrollTop = 0);
    await page.locator(".mode.paused").waitFor();
    await sees(page, "number=0 ");
    await proxy.down();
    await page.getByText("Connection lost").first().waitFor();
    await site.addNumbered(900);
    await proxy.up();
    await page.locator("#list[aria-rowcount='1001']").waitFor();
    assert.equal((await numbers(page))[0], 0);
    await page.locator(".mode.paused").waitFor();
    await site.addNumbered(1);
    await page.locator("#list[aria-rowcount='1002']").waitFor();
    assert.deepEqual(await allNumbers(page), Array.from({ length: 1001 }, (_, i) => i));
  },
  { complaints: true, proxied: true, server: { tails: { waitMs: 1 } } },
);

pageTest(
  "the keyboard moves, opens, marks, jumps to errors and shows the context",
  async (made) => {
    const { page } = made;
    await sees(page, "number=99 ");
    await page.keyboard.press("E");
    const chosen = page.locator(".row.selected");
    assert.match(await chosen.innerText(), /number=97 /);
    await page.keyboard.press("E");
    assert.match(await chosen.innerText(), /number=90 /);
    await page.keyboard.press("e");
    assert.match(await chosen.innerText(), /number=97 /);
    await page.keyboard.press("k");
    assert.match(await chosen.innerText(), /number=96 /);
    await page.keyboard.press("m");
    await page.locator(".row.marked").waitFor();
    await page.keyboard.press("g");
    await page.keyboard.press("u");
    assert.match(await chosen.innerText(), /number=96 /);
    await page.keyboard.press("Enter");
    await page.locator(".details").getByText("/var/log/shop/app.log").waitFor();
    await page.keyboard.press("c");
    const dialog = page.getByRole("dialog");
    await dialog.getByText("number=86 ").waitFor();
    assert.equal(await dialog.locator("li").count(), 14);
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await page.keyboard.press("G");
    await follows(page);
    await page.keyboard.press("/");
    assert.equal(await page.evaluate(() => document.activeElement?.id), "query");
    await page.keyboard.type("?jk");
    assert.equal(await page.inputValue("#query"), "?jk");
  },
);

pageTest("the previous error is found beyond the lines that are loaded", async ({ page }) => {
  await sees(page, "number=1199 ");
  await page.keyboard.press("E");
  await page.waitForFunction(() => location.search.includes("line="));
  const chosen = page.locator(".row.selected");
  await chosen.waitFor();
  assert.match(await chosen.innerText(), /fault long ago/);
}, {
  lines: 1200,
  path: "?q=NOT+level:error+OR+fault",
  before: (site) => site.add(["2026-11-21T07:00:00Z ERROR fault long ago"], 1),
});

pageTest("a link to a line opens the list around it and joins the live end", async (made) => {
  const { page, site } = made;
  await sees(page, "number=1999 ");
  const [line] = await site.lines("/api/search?q=%22number=700%20%22");
  const place = `${Date.parse(line["@timestamp"])}~${line["log.file.generation"]}~${
    line["log.offset"]
  }~${line.topic}`;
  await page.goto(`${site.url}?line=${encodeURIComponent(place)}`);
  const chosen = page.locator(".row.selected");
  await chosen.waitFor();
  assert.match(await chosen.innerText(), /number=700 /);
  await sees(page, "number=699 ");
  // Down to the live end, with lines coming in meanwhile.
  const seen = new Set<number>();
  await site.addNumbered(3);
  for (let round = 0; !seen.has(2002); round++) {
    assert(round < 300, `reached ${Math.max(...seen)}`);
    for (const number of await numbers(page)) seen.add(number);
    await page.locator("#list").evaluate((box) => {
      box.scrollTop += 500;
      return new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    });
  }
  for (let number = 701; number <= 2002; number++) assert(seen.has(number), `${number} is missing`);
  await follows(page);
}, { lines: 2000 });

pageTest("dragging over the histogram zooms, a double click goes back", async ({ page }) => {
  await sees(page, "number=399 ");
  const chart = page.locator(".histogram");
  await chart.locator("rect.bar").first().waitFor();
  const box = (await chart.boundingBox())!;
  await page.mouse.move(box.x + box.width * 0.25, box.y + 30);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.5, box.y + 30, { steps: 4 });
  await page.mouse.up();
  await page.waitForFunction(() => location.search.includes("since="));
  await page.getByText("Fixed time range").waitFor();
  const values = new URL(page.url()).searchParams;
  const seconds = (Date.parse(values.get("until")!) - Date.parse(values.get("since")!)) / 1000;
  assert(seconds > 80 && seconds < 130, `${seconds} s of 400`);
  const total = Number(/(\d+) lines fit/.exec(await page.locator(".status").innerText())?.[1]);
  assert(total > 0 && total <= 400);
  await chart.dblclick();
  await page.waitForFunction(() => !location.search.includes("since="));
  await follows(page);
}, { lines: 400 });

pageTest(
  "the host's figures stand under the histogram, and times in which Weir did not run are told",
  async ({ page }) => {
    await page.locator(".histogram rect.gap").waitFor();
    const gap = "Weir did not run from 2026-11-21 08:01:40 to 2026-11-21 08:02:30";
    assert.match(await page.getByRole("list", { name: "did not run" }).innerText(), RegExp(gap));
    const host = page.getByRole("region", { name: "Host web-1" });
    const names = await host.getByRole("img").evaluateAll((all) =>
      all.map((one) => one.getAttribute("aria-label"))
    );
    assert.deepEqual(names, [
      "CPU: 50 %, at most 50 %",
      "Memory: 75 %, at most 75 %",
      "Disk: 2.0 kB/s · 0 B/s, at most 2.0 kB/s",
      "Network: 5.0 MB/s · 1.0 MB/s, at most 5.0 MB/s",
    ]);
    // The same axis: half of the values is missing, half of the width is drawn.
    const [chart, line] = await page.evaluate(() => [
      document.querySelector(".histogram svg")!.getBoundingClientRect().width,
      document.querySelector(".strip .figure")!.getBoundingClientRect().width,
    ]);
    assert(Math.abs(line / chart - 0.5) < 0.05, `${line} of ${chart} px`);
    // With the keyboard to a bar in the gap: it says why it is empty, and the figures are those of its time.
    await page.locator(".histogram").focus();
    for (let i = 0; i < 30; i++) await page.keyboard.press("ArrowLeft");
    await page.locator("#histogram-bar", { hasText: "2026-11-21 08:02:00 " }).waitFor();
    await page.locator("#histogram-bar", { hasText: gap }).waitFor();
    await page.locator(".strip .now").first().waitFor({ state: "attached" });
    await host.getByRole("button").click();
    assert.equal(await host.getByRole("img").count(), 0);
    await page.reload();
    await host.getByRole("button", { expanded: false }).waitFor();
  },
  {
    lines: 180,
    server: {
      host: (_fromMs, _stepMs, steps) => {
        const half = (value: number) =>
          Array.from({ length: steps }, (_, i) => i < steps / 2 ? null : value);
        return {
          host: "web-1",
          runs: [
            { fromMs: START_MS - 60_000, toMs: START_MS + 100_000 },
            { fromMs: START_MS + 150_000, toMs: START_MS + 200_000 },
          ],
          figures: {
            cpu: half(0.5),
            memory: half(0.75),
            diskRead: half(2000),
            diskWrite: half(0),
            netIn: half(5e6),
            netOut: half(1e6),
          },
        };
      },
    },
  },
);

pageTest("log text stays text: markup, escapes, links and bidirectional marks", async (made) => {
  const { page } = made;
  await sees(page, "onerror");
  const texts = await messages(page);
  assert(texts.some((text) => text.includes("<img src=x onerror=globalThis.hacked=1>")));
  assert(texts.some((text) => text.includes("⟨U+202E⟩") && !text.includes("\u202e")));
  assert(texts.some((text) => text.includes("plain red") && !text.includes("\u001b")));
  await page.locator(".ansi-c1", { hasText: "red" }).waitFor();
  await search(page, "onerror");
  await page.locator("mark", { hasText: "onerror" }).first().waitFor();
  await page.locator(".row .toggle button").last().click();
  await page.locator(".details .raw").getByText("<img src=x").waitFor();
  const markup = await page.evaluate(() => [
    (globalThis as any).hacked,
    document.querySelectorAll("img, iframe, #app script, a[href^=javascript]").length,
  ]);
  assert.deepEqual(markup, [undefined, 0]);
}, {
  before: (site) =>
    site.add([
      "2026-11-21T08:10:00Z INFO <img src=x onerror=globalThis.hacked=1><script>hacked=2</script>",
      "2026-11-21T08:10:01Z INFO plain \u001b[31mred\u001b[0m\u001b[2J \u202etxet desrever",
      '{"time":"2026-11-21T08:10:02Z","<b>name":"<img src=x onerror=globalThis.hacked=1>"}',
      '2026-11-21T08:10:03Z INFO javascript:alert(1) "</style><style>*{display:none}</style>',
    ], 1),
});

pageTest("stack traces are folded behind their first line", async ({ page }) => {
  await sees(page, "cannot place order");
  assert.equal(await page.getByText("com.example.Stock.take").count(), 0);
  await page.getByRole("button", { name: "+3 lines" }).click();
  await page.getByText("com.example.Stock.take").waitFor();
}, {
  before: (site) =>
    site.add([
      "2026-11-21T09:00:00Z ERROR cannot place order",
      "java.lang.IllegalStateException: no stock",
      "\tat com.example.Stock.take(Stock.java:12)",
      "\tat com.example.Shop.order(Shop.java:88)",
    ], 1),
});

pageTest("theme, language, wrapping and columns are kept and shown", async ({ page }) => {
  await sees(page, "number=99 ");
  await page.getByRole("button", { name: "View" }).click();
  await page.getByLabel("Language").selectOption("zh");
  await page.getByRole("button", { name: "来源" }).waitFor();
  assert.equal(await page.locator("html").getAttribute("lang"), "zh-CN");
  await page.getByLabel("主题").selectOption("dark");
  assert.equal(await page.locator("html").getAttribute("data-theme"), "dark");
  await page.reload();
  await page.getByRole("button", { name: "来源" }).waitFor();
  assert.equal(await page.locator("html").getAttribute("data-theme"), "dark");
  await page.keyboard.press("l");
  assert.match(page.url(), /wrap=1/);
  await page.getByRole("button", { name: "列", exact: true }).click();
  await page.getByLabel("主题").waitFor();
  await page.getByLabel("主题").check();
  assert.match(page.url(), /columns=host\.name%2Clog\.file\.path%2Ctopic/);
  await page.getByRole("columnheader", { name: "主题" }).waitFor();
});

pageTest(
  "a saved view opens with its query and time range; the last queries are offered",
  async (made) => {
    const { page, site } = made;
    await page.goto(`${site.url}?q=level:error&since=2026-11-21T08:00:10Z`);
    await sees(page, "number=97 ");
    await page.getByRole("button", { name: "Saved" }).click();
    await page.getByLabel("Name").fill("late errors");
    await page.getByRole("button", { name: "Save this view" }).click();
    await search(page, "number=5");
    await page.waitForFunction(() => location.search.includes("number"));
    await page.reload();
    await page.getByRole("button", { name: "Saved" }).click();
    await page.getByRole("link", { name: "late errors" }).click();
    await sees(page, "number=97 ");
    const values = new URL(page.url()).searchParams;
    assert.equal(values.get("q"), "level:error");
    assert.equal(values.get("since"), "2026-11-21T08:00:10Z");
    await page.fill("#query", "");
    await page.keyboard.press("ArrowDown");
    await page.getByRole("option", { name: "number=5" }).waitFor();
  },
);

pageTest("says what is read, and what is not and why", async ({ page }) => {
  await page.getByRole("button", { name: "Sources" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("/var/log/shop/app.log").waitFor();
  await dialog.getByText("it is not text (BINARY_FILE)").waitFor();
});

pageTest(
  "columns get other widths and places, by pointer and keys, kept in the address",
  async (made) => {
    const { page } = made;
    await sees(page, "number=99 ");
    const edge = page.getByRole("separator", { name: "Width of Host" });
    const box = (await edge.boundingBox())!;
    await page.mouse.move(box.x + 3, box.y + 5);
    await page.mouse.down();
    await page.mouse.move(box.x + 63, box.y + 5, { steps: 3 });
    await page.mouse.up();
    const width = () => Number(/host\.name~(\d+)/.exec(decodeURIComponent(page.url()))?.[1]);
    const wide = width();
    assert(wide > 100, page.url());
    await edge.focus();
    await page.keyboard.press("ArrowLeft");
    assert.equal(width(), wide - 16);
    await page.reload();
    await sees(page, "number=99 ");
    const heads = () => page.locator(".listhead .field .name").allTextContents();
    assert.equal(
      Math.round((await page.locator(".listhead .field").first().boundingBox())!.width),
      wide - 16,
    );
    await edge.dblclick();
    assert(!page.url().includes("widths"));
    assert.deepEqual(await heads(), ["Host", "File"]);
    await page.getByRole("columnheader", { name: "File" }).dragTo(
      page.getByRole("columnheader", { name: "Host" }),
    );
    await page.waitForFunction(() => location.search.includes("columns=log.file.path%2Chost.name"));
    assert.deepEqual(await heads(), ["File", "Host"]);
    await page.getByRole("button", { name: "Columns" }).click();
    await page.getByRole("button", { name: "Move Host left" }).click();
    assert.deepEqual(await heads(), ["Host", "File"]);
  },
);

pageTest("Ctrl-K finds actions, ranges, fields and saved views by name", async ({ page }) => {
  await sees(page, "number=99 ");
  const open = async (text: string) => {
    await page.keyboard.press("Control+k");
    await page.getByRole("dialog").getByRole("combobox").waitFor();
    await page.keyboard.type(text);
  };
  await open("dark");
  await page.keyboard.press("Enter");
  await page.locator("html[data-theme=dark]").waitFor();
  await open("last hour");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => location.search.includes("since=-1h"));
  await open("all of time");
  await page.keyboard.press("Enter");
  await sees(page, "number=99 ");
  await open("host.name");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement?.id === "query");
  assert.equal(await page.inputValue("#query"), "host:");
  await page.getByRole("option", { name: "web-1" }).waitFor();
  await page.keyboard.press("Escape");
  await open("nothing of this kind");
  await page.getByText("Nothing of that name").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
});

pageTest("copies the link to a line", async ({ page, site }) => {
  await sees(page, "number=99 ");
  await page.keyboard.press("k");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Copy link" }).click();
  await page.getByText("Copied").waitFor();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  assert(link.startsWith(`${site.url}?line=`), link);
  assert(decodeURIComponent(link).includes("#copy=[") && link.includes("number%3D99"), link);
}, { page: { permissions: ["clipboard-read", "clipboard-write"] } });

pageTest("says when it cannot show all lines, and shows all when it can again", async (made) => {
  const { page, site } = made;
  await sees(page, "number=9 ");
  await follows(page);
  await site.addNumbered(250);
  await page.getByText("Too fast to show everything").waitFor();
  assert(Number(await page.locator("#list").getAttribute("aria-rowcount")) < 261);
  // All 260 lines and the head, without anybody doing anything.
  await page.locator("#list[aria-rowcount='261']").waitFor();
  await page.getByText("Too fast to show everything").waitFor({ state: "detached" });
}, { lines: 10, server: { tailRateMax: 50 } });

pageTest(
  "the first lines and bars stand in the page: shown before any answer of the API",
  async (made) => {
    const { page, site } = made;
    await sees(page, "number=99 ");
    let asked = 0;
    // No answer at all, as of a server that is slow.
    await page.route("**/api/**", () => void asked++);
    await page.goto(`${site.url}?q=level:error`);
    await sees(page, "number=97 ");
    assert.equal((await numbers(page)).length, 14);
    assert(await page.locator("rect.bar").count() > 0, "bars");
    assert(asked > 0, "the page asked for live lines meanwhile");
    // Not where the times depend on who asks.
    const html = await (await site.get("/?since=10:00")).text();
    assert(!html.includes('id="first"'));
  },
);

pageTest("a hundred thousand rows: loaded, scrolled, drawn as a few, and no more", async (made) => {
  const { page } = made;
  await sees(page, "number=102999 ");
  const beginning = page.getByText("This is the beginning");
  let most = 0;
  for (let round = 0; await beginning.count() === 0; round++) {
    assert(round < 3000, "the beginning was never reached");
    await page.locator("#list").evaluate((box) => {
      box.scrollTop = 0;
      return new Promise((resolve) => requestAnimationFrame(resolve));
    });
    if (round % 10 === 0) most = Math.max(most, await page.locator(".space .row").count());
  }
  const rows = await page.locator("#list").getAttribute("aria-rowcount");
  assert.equal(rows, "100001", "the head and as many rows as are held");
  await page.locator("#list").evaluate((box) => box.scrollTop = 0);
  await sees(page, "number=0 ");
  // Through all of it in steps: what is drawn is right everywhere, and never more than a screen and its margins.
  for (let part = 0; part <= 20; part++) {
    const seen = await page.locator("#list").evaluate((box, at) => {
      box.scrollTop = (box.scrollHeight - box.clientHeight - 1000) * at;
      return new Promise<string[]>((resolve) =>
        requestAnimationFrame(() =>
          requestAnimationFrame(() =>
            resolve(
              [...document.querySelectorAll(".space .row .message bdi")].map((one) =>
                one.textContent!
              ),
            )
          )
        )
      );
    }, part / 20);
    most = Math.max(most, seen.length);
    const found = seen.map((text) => Number(/number=(\d+)/.exec(text)?.[1]));
    assert(found.length > 10, `${found.length} rows at ${part}/20`);
    for (let i = 1; i < found.length; i++) assert.equal(found[i], found[i - 1] + 1);
  }
  assert(most < 100, `${most} rows were in the document`);
}, { lines: 103_000 });

Deno.test({
  name: "page: the browser ends",
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    await browserOnce.browser?.close();
    assert.equal(browserOnce.browser?.isConnected(), false);
  },
});
