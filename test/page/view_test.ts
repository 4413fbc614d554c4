/** How the page shows things, in a real Chromium: conditions as chips, the host's clock, higher rows, how far it searched. */
import assert from "node:assert/strict";
import { browserEnds, follows, messages, pageTest, search, sees } from "./page_tests.ts";

pageTest(
  "conditions of the query are chips: taken away, or chosen to be edited",
  async ({ page }) => {
    await sees(page, "number=99 ");
    const chips = page.getByRole("list", { name: "Conditions of the query" });
    assert.equal(await chips.count(), 0, "none without a query");
    await search(page, "number=9* -number=97");
    await chips.waitFor();
    const drop = await chips.getByRole("button", { name: /^Take/ }).all();
    assert.equal(drop.length, 2);
    await drop[1].click();
    await sees(page, "number=97 ");
    assert.equal(await chips.count(), 0, "one condition is the query itself");

    await search(page, "number=98 level:info");
    await chips.getByRole("button", { name: "Edit level:info" }).click();
    const chosen = await page.locator("#query").evaluate((box) => {
      const input = box as HTMLInputElement;
      return input.value.slice(input.selectionStart!, input.selectionEnd!);
    });
    assert.equal(chosen, "level:info");
  },
);

pageTest(
  "times by the clock of the host, and higher rows; both stand in the address",
  async ({ page }) => {
    await sees(page, "number=99 ");
    const zone = await page.locator("meta[name=host-zone]").getAttribute("content");
    assert.equal(zone, Intl.DateTimeFormat().resolvedOptions().timeZone);
    const height = () => page.locator(".space .row").last().evaluate((row) => row.clientHeight);
    const before = await height();
    await page.getByRole("button", { name: "View" }).click();
    await page.getByLabel("Higher rows").check();
    await page.getByLabel("Time zone").selectOption("host");
    await page.waitForURL(/zone=host.*roomy=1/);
    await sees(page, "number=99 ");
    assert.ok(await height() > before, "rows are higher");
    assert.ok((await messages(page)).length > 5);
    await page.reload();
    await sees(page, "number=99 ");
    assert.ok(await height() > before, "after a reload as well");
  },
);

pageTest(
  "a line explains itself: its file with the inode, the store, the times of its hops",
  async ({ page }) => {
    await sees(page, "number=99 ");
    await page.locator(".row .toggle button").last().click();
    await page.locator(".details").getByRole("button", { name: "Explain" }).click();
    const table = page.locator(".details").getByRole("table", { name: "Explain" });
    await table.getByText("4711").waitFor();
    const rows = await table.locator("tr").allInnerTexts();
    const said = rows.map((row) => row.replace(/\s+/g, " ").trim()).join("\n");
    assert.match(said, /^File .*app\.log$/m);
    assert.match(said, /^inode 4711 on device 8$/m);
    assert.match(said, /^Store embedded store$/m);
    assert.match(said, /^Sent 2\d{3}-/m);
    const below = page.locator(".details").getByText("log.file.generation");
    await below.scrollIntoViewIfNeeded();
    assert.ok(await below.isVisible(), "the list makes room for it");
  },
  {
    server: {
      trace: {
        file: () =>
          Promise.resolve({
            ...{ host: "h", path: "/var/log/shop/app.log", device: 8, inode: 4711 },
            ...{ from: 0, to: 1e9, size: 1e9, closed: false, unread: 0, guarantee: "all" },
            ...{ atMs: Date.now(), source: "ledger" },
          }),
      },
    },
  },
);

pageTest("x opens the columns", async ({ page }) => {
  await sees(page, "number=99 ");
  await page.keyboard.press("Escape");
  await page.keyboard.press("x");
  await page.getByRole("button", { name: "Columns", expanded: true }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Columns", expanded: false }).waitFor();
});

pageTest(
  "says how far back it has searched while older lines are looked for",
  async ({ page }) => {
    await sees(page, "number=1999 ");
    await follows(page);
    const seen = Promise.withResolvers<void>();
    await page.route("**/api/search?**", async (route) => {
      await seen.promise;
      await route.continue();
    });
    await page.locator("#list").evaluate((box) => box.scrollTop = 0);
    try {
      const said = await page.locator(".searched").first().textContent();
      assert.match(said ?? "", /searched back to .*\d\d:\d\d:\d\d/);
    } finally {
      seen.resolve();
    }
    await page.unrouteAll({ behavior: "wait" });
  },
  { lines: 2000 },
);

browserEnds();
