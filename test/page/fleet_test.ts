/** The fleet page in a real Chromium: what people see, click and come back to; axe in both themes and languages. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { openBrowser, openPage } from "./browser.ts";
import { agent, MemoryFleet } from "./fleet_site.ts";
import { look, WAYS } from "./look.ts";
import { Site } from "./site.ts";

Deno.test({
  name: "fleet page: hosts with their state, found, opened, and from a file to its lines and back",
  sanitizeOps: false, // connections of the browser end with it, later than their last answer
  sanitizeResources: false,
  async fn() {
    const fleet = MemoryFleet.of(130);
    const site = await Site.open({ fleet });
    const browser = await openBrowser();
    try {
      await site.addNumbered(20);
      const { page, complaints, foreign } = await openPage(browser, `${site.url}fleet`);
      await table(page, fleet);
      await detail(page);
      await linesAndBack(page);
      assert.deepEqual([complaints, foreign], [[], []]);
    } finally {
      await browser.close();
      await site.close();
    }
  },
});

const rows = (page: Page) => page.locator(".programs tbody tr");

async function table(page: Page, fleet: MemoryFleet): Promise<void> {
  await page.waitForFunction(() => document.querySelectorAll(".programs tbody tr").length === 100);
  await page.getByText("133 fit").waitFor();
  await page.getByText("128 well, 1 unwell, 1 refused").waitFor();
  await page.getByRole("button", { name: "Next 33" }).click();
  await page.waitForFunction(() => document.querySelectorAll(".programs tbody tr").length === 33);
  await page.selectOption('select[aria-label="State"]', "failed");
  await page.waitForFunction(() => document.querySelectorAll(".programs tbody tr").length === 1);
  assert.match(await rows(page).first().innerText(), /refused\s+web-3\s+agent.*Unknown key "pth"/s);
  // A change comes by itself.
  fleet.all = fleet.all.map((one) => one.id === "a-3" ? { ...agent(5), id: "a-3" } : one);
  await page.getByText("Nothing is registered that fits.").waitFor();
  await page.selectOption('select[aria-label="State"]', "");
  await page.fill('input[aria-label="Find hosts"]', "rack=1 web-1");
  await page.locator(".programs th", { hasText: /^web-1$/ }).first().waitFor();
  assert.match(page.url(), /q=rack%3D1\+web-1/);
}

async function detail(page: Page): Promise<void> {
  const button = page.getByRole("button", { name: "web-1", exact: true }).first();
  await button.click();
  await page.locator(".detail .files tbody tr").first().waitFor();
  const text = await page.locator(".detail").innerText();
  assert.match(text, /audit\.log.*KAFKA_NOT_AUTHORISED/s);
  assert.match(text, /app\.log\.1\s+rotated away/);
  assert.match(text, /secret\.log permission denied FILE_DENIED/);
  await page.fill('input[aria-label="Find files"]', "audit");
  await page.waitForFunction(() =>
    document.querySelectorAll(".detail .files tbody tr:not(.trouble)").length === 1
  );
  // The address has it all: a reload shows the same.
  await page.reload();
  await page.waitForFunction(() =>
    document.querySelectorAll(".detail .files tbody tr:not(.trouble)").length === 1
  );
  await page.goto(new URL("/fleet?program=transfer&id=t-1", page.url()).href);
  await page.getByRole("rowheader", { name: "shop" }).first().waitFor();
  assert.match(await page.locator(".detail").innerText(), /1,200 records\s+paused/);
}

async function linesAndBack(page: Page): Promise<void> {
  await page.goto(new URL("/fleet?host=web-1&file=app.log", page.url()).href);
  await page.locator('.detail .files a[title$="app.log"]').click();
  await page.locator(".space .row", { hasText: "number=19 " }).waitFor();
  assert.equal(
    new URL(page.url()).searchParams.get("q"),
    'host:web-1 file:"/var/log/shop/app.log"',
  );
  await page.keyboard.press("k");
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "Host and file in the fleet" }).click();
  await page.locator(".detail h2", { hasText: "web-1" }).waitFor();
  await page.waitForFunction(() =>
    document.querySelectorAll(".detail .files tbody tr:not(.trouble)").length === 2
  );
}

Deno.test({
  name: "fleet page: axe finds no violation, light and dark, English and Chinese, wide and narrow",
  sanitizeOps: false, // as above
  sanitizeResources: false,
  async fn() {
    const site = await Site.open({ fleet: MemoryFleet.of(12) });
    const browser = await openBrowser();
    try {
      for (const [colorScheme, locale, width] of WAYS) {
        const url = `${site.url}fleet?id=a-1`;
        const opened = await openPage(browser, url, { colorScheme, locale, width });
        const name = `fleet-${colorScheme}-${locale}-${width}`;
        await opened.page.locator(".detail .files tbody tr").first().waitFor();
        await look(opened.page, name);
        await opened.page.goto(`${site.url}fleet?order=state`);
        await rows(opened.page).first().waitFor();
        await look(opened.page, `${name}-table`);
        assert.deepEqual(opened.complaints, []);
        await opened.close();
      }
    } finally {
      await browser.close();
      await site.close();
    }
  },
});
