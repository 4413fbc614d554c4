/** The page in a real Chromium: what people see and do, and that log text stays text. */
import assert from "node:assert/strict";
import { browserEnds, follows, messages, numbers, pageTest, search, sees } from "./page_tests.ts";
import { START_MS } from "./site.ts";

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

pageTest("a window that opens right behind the end of another stays open", async ({ page }) => {
  await sees(page, "number=99 ");
  await page.keyboard.press("?");
  await page.locator("dialog .keys").waitFor();
  // Both keys before the browser tells the first window's end, as on a machine that has much to do.
  await page.evaluate(async () => {
    const press = (key: string, ctrlKey = false) =>
      document.activeElement!.dispatchEvent(
        new KeyboardEvent("keydown", { key, ctrlKey, bubbles: true, cancelable: true }),
      );
    press("Escape");
    await Promise.resolve();
    press("k", true);
    for (let i = 0; i < 3; i++) await new Promise((resolve) => requestAnimationFrame(resolve));
  });
  assert.equal(await page.locator("#palette li").first().isVisible(), true);
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

pageTest("Ctrl-K knows the fields of every line before any was counted", async ({ page }) => {
  await page.route("**/api/fields?*", () => {}); // no answer, as of a store that is slow
  await page.reload();
  await sees(page, "number=99 ");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("log.file.path");
  await page.locator("#palette li", { hasText: "File (log.file.path)" }).waitFor();
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement?.id === "query");
  assert.equal(await page.inputValue("#query"), "file:");
});

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

browserEnds();
