/**
 * axe-core finds nothing wrong with the page, in both themes and both languages, wide and narrow, with its menus and
 * windows open. WEIR_SCREENSHOTS names a folder for pictures of what was looked at.
 */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { openBrowser, openPage } from "./browser.ts";
import type { HostView } from "../../search/api/host.ts";
import { look, WAYS } from "./look.ts";
import { Site, START_MS } from "./site.ts";

/** A host with a wave of work, and a pause of Weir. */
const host: HostView = (_fromMs, _stepMs, steps) => {
  const wave = (most: number, speed: number) =>
    Array.from({ length: steps }, (_, i) => most * (0.55 + 0.4 * Math.sin(i * speed)));
  return {
    host: "web-1",
    runs: [
      { fromMs: START_MS, toMs: START_MS + 80_000 },
      { fromMs: START_MS + 110_000, toMs: START_MS + 300_000 },
    ],
    figures: {
      cpu: wave(0.8, 0.2),
      memory: wave(0.6, 0.02),
      diskRead: wave(4e6, 0.3),
      diskWrite: wave(9e6, 0.17),
      netIn: wave(2e5, 0.4),
      netOut: wave(9e5, 0.23),
    },
  };
};

/** The states of the page that people meet, one after the other. */
async function walk(page: Page, name: string, zh: boolean): Promise<void> {
  await page.locator(".space .row").first().waitFor();
  await page.locator(".bar").first().waitFor();
  await page.locator(".strip").first().waitFor();
  await look(page, `${name}-list`);
  await page.keyboard.press("E");
  await page.keyboard.press("Enter");
  await page.locator(".details").waitFor();
  await look(page, `${name}-details`);
  await page.keyboard.press("c");
  await page.locator("dialog .context li").first().waitFor();
  await look(page, `${name}-context`);
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  await page.locator("#palette li").first().waitFor();
  await look(page, `${name}-palette`);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: zh ? "列" : "Columns", exact: true }).click();
  await look(page, `${name}-columns`);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: zh ? "视图" : "View" }).click();
  await look(page, `${name}-menu`);
  await page.keyboard.press("Escape");
  await page.fill("#query", "level:>=warn (超时 OR");
  await page.locator("#query-fault").waitFor();
  await look(page, `${name}-fault`);
  await page.fill("#query", "nowhere");
  await page.keyboard.press("Enter");
  await page.locator(".empty .what").waitFor();
  await look(page, `${name}-empty`);
  await page.keyboard.press("Escape");
  await page.keyboard.press("?");
  await page.locator("dialog .keys").waitFor();
  await look(page, `${name}-help`);
}

Deno.test({
  name: "page: axe finds no violation, light and dark, English and Chinese, wide and narrow",
  // Connections of the browser end with it, later than their last answer.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const site = await Site.open({ host });
    const browser = await openBrowser();
    try {
      await site.addNumbered(200);
      await site.add([
        '{"time":"2026-11-21T08:03:20Z","level":"fatal","msg":"out of memory","user":"张三"}',
        "2026-11-21T08:03:21Z WARN 数据库连接超时，正在重试",
        "2026-11-21T08:03:22Z ERROR cannot place order",
        "\tat com.example.Shop.order(Shop.java:88)",
      ], 1);
      for (const [colorScheme, locale, width] of WAYS) {
        const opened = await openPage(browser, site.url, { colorScheme, locale, width });
        try {
          await walk(opened.page, `${colorScheme}-${locale}-${width}`, locale === "zh-CN");
          assert.deepEqual(opened.complaints, []);
        } finally {
          await opened.close();
        }
      }
    } finally {
      await browser.close();
      await site.close();
    }
  },
});
