/** Links to Kibana and Grafana in a real Chromium: there where settings name them, with the query and time of the page. */
import assert from "node:assert/strict";
import { browserEnds, pageTest, search, sees } from "./page_tests.ts";

const THERE = {
  kibana: `https://kibana.example.com/?a="<b>`,
  dataView: "weir-logs",
  grafana: "https://grafana.example.com",
  dataSource: "weir-elasticsearch",
};

pageTest("links to Kibana and Grafana follow the query and the time", async ({ page }) => {
  await sees(page, "number=99 ");
  const links = page.locator(".toolbar a.button");
  assert.deepEqual(await links.allTextContents(), ["Kibana", "Grafana"]);
  const href = async (name: string) =>
    decodeURIComponent(await page.getByRole("link", { name }).getAttribute("href") ?? "");
  assert.match(await href("Kibana"), /query:\(language:lucene,query:'\*'\)/);

  await search(page, "level:error");
  await page.waitForURL(/q=level/);
  assert.match(await href("Kibana"), /query:'log\.level:"error"'/);
  assert.match(await href("Grafana"), /"query":"log\.level:\\"error\\""/);
  await page.getByRole("button", { name: /All of time|All/ }).first().click();
  await page.getByRole("button", { name: "Last 6 hours" }).click();
  await page.waitForURL(/since=-6h/);
  assert.match(await href("Kibana"), /time:\(from:'now-6h',to:'now'\)/);
  assert.match(await href("Grafana"), /"range":\{"from":"now-6h","to":"now"\}/);
  // What the settings say stays text.
  assert.ok((await href("Kibana")).startsWith(THERE.kibana), await href("Kibana"));
}, { server: { elsewhere: THERE } });

pageTest("no link to Kibana or Grafana where settings name neither", async ({ page }) => {
  await sees(page, "number=99 ");
  assert.equal(await page.locator(".toolbar a.button").count(), 0);
});

browserEnds();
