/** All numbers that the page shows of the same thing agree: with one another, at any moment, and with the store. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { browserEnds, follows, numbers, pageTest, sees } from "./page_tests.ts";
import type { Site } from "./site.ts";

/** Numbers as they stand on the page in one moment. */
interface Shown {
  /** Lines that fit, at the foot. */
  foot: number;
  loaded: number;
  /** Sum over the chips of the levels. */
  levels: number;
  /** Sums over the values of each field beside the list. */
  sides: number[];
  /** The page says that these are older. */
  older: boolean;
}

function shown(page: Page): Promise<Shown> {
  return page.evaluate(() => {
    const number = (text: string) => Number(text.replaceAll(",", ""));
    const foot = document.querySelector(".status")!.textContent!;
    const counts = (within: Element) =>
      [...within.querySelectorAll(".count")].map((one) => number(one.textContent!));
    const sum = (all: number[]) => all.reduce((a, b) => a + b, 0);
    return {
      foot: number(/([\d,]+) lines fit/.exec(foot)?.[1] ?? "-1"),
      loaded: number(/([\d,]+) lines loaded/.exec(foot)?.[1] ?? "-1"),
      levels: sum(counts(document.querySelector(".chips")!)),
      sides: [...document.querySelectorAll(".facets > details")]
        .filter((one) => one.querySelector("summary .count") === null)
        .map((one) => sum(counts(one))),
      older: document.querySelector(".facets > .none") !== null,
    };
  });
}

/** What each bar says of itself, left to right. */
async function bars(page: Page): Promise<{ text: string; count: number }[]> {
  const chart = page.locator(".histogram"), said = page.locator("#histogram-bar");
  await chart.focus();
  const all: { text: string; count: number }[] = [];
  while (all.length < 300) {
    // From the last bar, where the first press stands, to the first one.
    await page.keyboard.press("ArrowLeft");
    const text = await said.textContent() ?? "";
    if (text === all.at(-1)?.text) break;
    all.push({ text, count: Number(/: ([\d,]+)/.exec(text)![1].replaceAll(",", "")) });
  }
  return all.reverse();
}

/** Waits until the page's numbers are those of so many lines, and checks each of them. */
async function agrees(page: Page, count: number): Promise<void> {
  await page.waitForFunction(
    (wanted) => document.querySelector(".status")!.textContent!.includes(`${wanted} lines fit`),
    count.toLocaleString("en"),
  ).catch(async (error) => {
    throw new Error(`wanted ${count}, the page says ${JSON.stringify(await shown(page))}`, {
      cause: error,
    });
  });
  await page.waitForFunction(
    (wanted) => {
      const sides = [...document.querySelectorAll(".facets > details")]
        .filter((one) => one.querySelector("summary .count") === null);
      return sides.length === 3 &&
        sides.every((side) =>
          [...side.querySelectorAll(".count")].reduce(
            (sum, one) => sum + Number(one.textContent),
            0,
          ) ===
            wanted
        );
    },
    count,
  ).catch(async (error) => {
    throw new Error(`wanted ${count}, the page says ${JSON.stringify(await shown(page))}`, {
      cause: error,
    });
  });
  const now = await shown(page);
  assert.deepEqual([now.foot, now.levels], [count, count]);
}

/** Times on borders of seconds, minutes and days, equal ones, none, one before 1970 and two in the future. */
async function edgeLines(site: Site): Promise<void> {
  const day = Date.UTC(2026, 10, 20);
  const at = (ms: number) => new Date(day + ms).toISOString();
  await site.add([
    `${at(44_000)} INFO the first, in the middle of a minute`,
    `${at(44_000)} INFO the same time`,
    `${at(59_999)} WARN before the minute`,
    `${at(60_000)} ERROR on the minute`,
    `${at(60_000)} ERROR on the minute, too`,
    "without time and level",
    `${at(60_001)} FATAL behind it`,
    `${at(86_400_000)} words at midnight`,
  ], 1);
  await site.add([
    `${new Date(Date.now() + 7 * 86_400_000).toISOString()} INFO of next week`,
    "2099-06-01T00:00:00.000Z DEBUG of another time",
  ]);
}

const DAY = "since=2026-11-20T00:00:44.000Z&until=2026-11-20T00:01:00.001Z";
const VIEWS: readonly [path: string, count: number][] = [
  ["", 110],
  ["?q=level:error", 16],
  ["?q=-level:*", 2],
  [`?${DAY}`, 6],
  [`?q=minute&${DAY}`, 4],
  ["?since=2026-11-21T00:00:00Z", 103],
  ["?since=1950-01-01&until=2200-01-01", 110],
];

pageTest("all numbers agree, in every view, and with what is zoomed into", async (made) => {
  const { page, site } = made;
  for (const [path, count] of VIEWS) {
    const values = new URLSearchParams(path.slice(1));
    assert.equal((await site.json(`/api/count?${values}`)).count, count, `the store: ${path}`);
    assert.equal((await site.lines(`/api/export?${values}`)).length, count, "what is downloaded");
    await page.goto(`${site.url}${path}`);
    await agrees(page, count);
    assert.equal(await page.getByRole("alert").count(), 0, `no fault: ${path}`);
    assert.equal((await shown(page)).loaded, count);
    const all = await bars(page);
    assert.equal(all.reduce((sum, bar) => sum + bar.count, 0), count, `all bars: ${path}`);
    // The keyboard stands on the first bar: what it zooms into has the lines that the bar said.
    const at = all.findIndex((bar) => bar.count > 0);
    for (let i = 0; i < at; i++) await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    await agrees(page, all[at].count);
  }
}, { before: edgeLines });

pageTest("while lines come in all numbers are of the same moment", async (made) => {
  const { page, site } = made;
  await sees(page, "number=99 ");
  await follows(page);
  await agrees(page, 100);
  let added = 100;
  const seen = new Set<number>();
  // The counts are read every three seconds: until they were read twice.
  while (seen.size < 3) {
    await site.addNumbered(5);
    added += 5;
    for (let i = 0; i < 5; i++) {
      const { foot, levels, sides, older } = await shown(page);
      const wanted = older ? [foot, ...sides] : [foot, foot, foot, foot];
      assert.deepEqual([levels, ...sides], wanted);
      seen.add(foot);
    }
  }
  await agrees(page, added);
  // Live lines come a moment later than they can be counted.
  await page.getByText(`${added.toLocaleString("en")} lines loaded`).waitFor();
});

pageTest("a range that was relative to the moment stays the same for all numbers", async (made) => {
  const { page, site } = made;
  const line = (ms: number, text: string) =>
    `${new Date(Date.now() - ms).toISOString()} INFO ${text}`;
  // Lines on either side of the end, one every 50 ms: a later "now" would have more of them.
  await site.add(
    Array.from({ length: 1200 }, (_, i) => line(60_000 - i * 50 - 30_000, `n${i}`)),
    1,
  );
  await page.goto(`${site.url}?since=-1h&until=-10s`);
  await page.getByText(/lines fit/).first().waitFor();
  const href = await page.evaluate(() =>
    new Promise<string>((resolve) => {
      const menu = [...document.querySelectorAll("button")].find((one) =>
        one.getAttribute("aria-controls") === "menu-download"
      )!;
      menu.click();
      setTimeout(
        () => resolve(document.querySelector<HTMLAnchorElement>("a[download]")!.href),
        500,
      );
    })
  );
  const now = await shown(page);
  assert.equal(new URL(href).searchParams.get("until")!.length, 24, href);
  assert.equal((await site.lines(href)).length, now.foot);
  await agrees(page, now.foot);
}, { lines: 0 });

pageTest("lines that a moving range left behind are neither counted nor listed", async (made) => {
  const { page, site } = made;
  await page.goto(`${site.url}?since=-4s`);
  const first = async () => (await numbers(page))[0] ?? Infinity;
  // Until the first line that was listed is no longer there.
  let listed = Infinity;
  for (let i = 0; listed === Infinity || await first() <= listed; i++) {
    await site.add([`${new Date().toISOString()} INFO number=${i} `], 1);
    await page.waitForTimeout(200);
    listed = Math.min(listed, await first());
  }
  // At rest all that is listed is counted. The last line is one that the range never leaves behind: however late the
  // counts are read, there is something to count.
  await site.add([`${new Date(Date.now() + 86_400_000).toISOString()} INFO of tomorrow`], 1);
  await sees(page, "of tomorrow");
  await page.waitForFunction(() => {
    const text = document.querySelector(".status")!.textContent!;
    const loaded = /([\d,]+) lines loaded/.exec(text)![1];
    return loaded !== "0" && text.includes(`${loaded} lines fit`);
  });
}, { lines: 0 });

browserEnds();
