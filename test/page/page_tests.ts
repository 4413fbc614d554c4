/** What the tests of the page share: a site, a page that is open on it, and how its list is read. */
import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import { openBrowser, type Opened, openPage } from "./browser.ts";
import type { SearchServerOptions } from "../../search/server.ts";
import { TcpProxy } from "../support/tcp_proxy.ts";
import { patience } from "../support/wait.ts";
import { Site } from "./site.ts";

const browserOnce: { browser?: Browser } = {};

/** One browser for all tests of this file; ended by the last test. */
export async function browser(): Promise<Browser> {
  return browserOnce.browser ??= await openBrowser();
}

export interface Made extends Opened {
  site: Site;
  /** What the page reaches the server through, where the test asks for it. */
  proxy: TcpProxy;
}

export function pageTest(
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
export function messages(page: Page): Promise<string[]> {
  return page.locator(".space .row .message bdi").allTextContents();
}

/** Numbers of the drawn lines. */
export async function numbers(page: Page): Promise<number[]> {
  return (await messages(page)).map((text) => Number(/number=(\d+)/.exec(text)?.[1]));
}

export async function search(page: Page, query: string): Promise<void> {
  await page.fill("#query", query);
  await page.keyboard.press("Escape");
  await page.focus("#query");
  await page.keyboard.press("Enter");
}

/**
 * Waits until the list follows live lines: the tail is open, and its first lines have taken the place of those that
 * stood in the page's HTML. What comes in from here on is new to the page.
 */
export const follows = (page: Page) =>
  page.locator(".status:not(:has(.searched)) .mode.open.following").waitFor();

/** Waits until a line can be seen. */
export const sees = (page: Page, text: string) =>
  page.locator(".space .row", { hasText: text }).first().waitFor();

/**
 * Waits until the rows at the place to which the list was scrolled are drawn: those of the place before may reach
 * beyond one of its ends.
 */
export async function isDrawn(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const drawn = document.querySelector(".window")!.getBoundingClientRect();
    const seen = document.getElementById("list")!.getBoundingClientRect();
    const head = document.querySelector(".listhead")!.getBoundingClientRect();
    return drawn.top <= head.bottom + 4 && drawn.bottom >= seen.bottom - 4;
  });
}

/** Scrolls up until no older line is left; `each` is called after each step. */
export async function toTheBeginning(
  page: Page,
  each: (round: number) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const beginning = page.getByText("This is the beginning");
  const endMs = performance.now() + 180_000 * patience();
  for (let round = 0; await beginning.count() === 0; round++) {
    assert(performance.now() < endMs, "the beginning was never reached");
    await page.locator("#list").evaluate((box) => {
      box.scrollTop = 0;
      return new Promise((resolve) => requestAnimationFrame(resolve));
    });
    await each(round);
  }
}

/** All numbers of the list, from its first row to its last. */
export async function allNumbers(page: Page): Promise<number[]> {
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

/** The last test of a file: ends its browser. */
export function browserEnds(): void {
  Deno.test({
    name: "page: the browser ends",
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      await browserOnce.browser?.close();
      assert.equal(browserOnce.browser?.isConnected(), false);
    },
  });
}
