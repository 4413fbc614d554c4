/** The list in a real Chromium: live and history without a gap, lost connections, links to lines, its size. */
import assert from "node:assert/strict";
import {
  allNumbers,
  browserEnds,
  follows,
  isDrawn,
  numbers,
  pageTest,
  sees,
  toTheBeginning,
} from "./page_tests.ts";
import { patience } from "../support/wait.ts";
import { START_MS } from "./site.ts";

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
    await toTheBeginning(page);
    const seen = new Set<number>();
    let last = -1;
    for (let top = 0;; top += 400) {
      await page.locator("#list").evaluate((box, at) => box.scrollTop = at, top);
      await isDrawn(page);
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

pageTest("a list that is drawn anew while somebody scrolls up lets them", async ({ page }) => {
  await sees(page, "number=199 ");
  await follows(page);
  await page.keyboard.press("k");
  await page.locator(".row.selected", { hasText: "number=199 " }).waitFor();
  // The browser tells of the scrolling a frame later; the row is marked, and the list drawn, before that.
  const to = await page.locator("#list").evaluate(async (box) => {
    const to = box.scrollTop -= 900;
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "m", bubbles: true }));
    for (let i = 0; i < 3; i++) await new Promise((resolve) => requestAnimationFrame(resolve));
    return to;
  });
  await page.locator(".mode.paused").waitFor();
  assert.equal(await page.locator("#list").evaluate((box) => box.scrollTop), to);
}, { lines: 200 });

pageTest("a view that becomes higher or lower goes on following", async ({ page, site }) => {
  await sees(page, "number=199 ");
  await follows(page);
  for (let i = 0; i < 120; i++) {
    const height = [1000, 600, 1100, 800][i % 4] + i;
    await Promise.all([site.addNumbered(1), page.setViewportSize({ width: 1280, height })]);
  }
  await sees(page, "number=319 ");
  assert.equal(await page.locator(".mode.following").count(), 1);
}, { lines: 200 });

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
    await page.getByRole("button", { name: "900 new lines" }).waitFor();
    await page.getByText("1,000 lines fit").first().waitFor();
    assert.equal((await numbers(page))[0], 0);
    await page.locator(".mode.paused").waitFor();
    await site.addNumbered(1);
    await page.locator("#list[aria-rowcount='1002']").waitFor();
    await page.getByRole("button", { name: "901 new lines" }).waitFor();
    assert.deepEqual(await allNumbers(page), Array.from({ length: 1001 }, (_, i) => i));
  },
  { complaints: true, proxied: true, server: { tails: { waitMs: 1 } } },
);

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
  assert.equal(await page.getByRole("button", { name: "new line" }).count(), 0);
  // Down to the live end, with lines coming in meanwhile.
  const seen = new Set<number>(), endMs = performance.now() + 60_000 * patience();
  await site.addNumbered(3);
  while (!seen.has(2002)) {
    assert(performance.now() < endMs, `reached ${Math.max(...seen)}`);
    for (const number of await numbers(page)) seen.add(number);
    await page.locator("#list").evaluate((box) => {
      box.scrollTop += 500;
      return new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    });
  }
  for (let number = 701; number <= 2002; number++) assert(seen.has(number), `${number} is missing`);
  await follows(page);
}, { lines: 2000 });

pageTest("copies the link to a line", async ({ page, site }) => {
  await sees(page, "number=99 ");
  await page.keyboard.press("k");
  await page.keyboard.press("Enter");
  // It is said for a moment only: looked for from before the click.
  const said = page.getByText("Copied").waitFor();
  await page.getByRole("button", { name: "Copy link" }).click();
  await said;
  const link = await page.evaluate(() => navigator.clipboard.readText());
  assert(link.startsWith(`${site.url}?line=`), link);
  assert(decodeURIComponent(link).includes("#copy=[") && link.includes("number%3D99"), link);
}, { page: { permissions: ["clipboard-read", "clipboard-write"] } });

pageTest("says when it cannot show all lines, and shows all when it can again", async (made) => {
  const { page, site } = made;
  await sees(page, "number=9 ");
  await follows(page);
  // Looked for from before the lines are there, and in one look: it is said for a few seconds.
  const rows = page.waitForFunction(() =>
    document.querySelector(".status")!.textContent!.includes("Too fast to show everything") &&
    Number(document.getElementById("list")!.getAttribute("aria-rowcount"))
  );
  await site.addNumbered(250);
  const sampled = await (await rows).jsonValue();
  assert(Number(sampled) < 261, `${sampled} rows`);
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
  let most = 0;
  await toTheBeginning(page, async (round) => {
    if (round % 10 === 0) most = Math.max(most, await page.locator(".space .row").count());
  });
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

browserEnds();
