/**
 * Configurations changed on the page: real etcd, Kafka and an agent, `weir page` as a process with a users file. A viewer
 * is refused; an operator checks, plans, applies with a canary and goes back, by the API and in a real Chromium.
 */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import type { ConfigAnswer } from "../../search/fleet/fleet_config.ts";
import { newToken } from "../../search/access/users.ts";
import { openBrowser, openPage } from "../page/browser.ts";
import { look } from "../page/look.ts";
import { waitFor } from "../support/wait.ts";
import { PASSWORD, startOperatorPage } from "./operator_page.ts";
import { Site } from "./site.ts";

interface Made {
  site: Site;
  url: string;
  viewer: string;
  operator: string;
}

Deno.test({
  name: "fleet page: an operator changes a group's configuration, with check, plan, trial, history",
  sanitizeOps: false, // the clients keep sockets and timers for a while
  sanitizeResources: false,
  async fn() {
    await using site = await Site.open();
    await Deno.mkdir(site.folder.join("logs"), { recursive: true });
    await Deno.writeTextFile(site.folder.join("logs/a.log"), "first line\nsecond line\n");
    await site.startAgent("web-1");
    const viewer = newToken(), operator = newToken();
    const tokens = [
      { name: "viewer", token: viewer.hash },
      { name: "bot", role: "operator", token: operator.hash },
    ];
    const page = await startOperatorPage(site, tokens, { answersTopic: site.answerTopic });
    try {
      const url = (await page.waitForLine(/Weir is at\s+(http:\S+)/))[1];
      await site.waitForAgents(1);
      const made = { site, url, viewer: viewer.token, operator: operator.token };
      await refusals(made);
      await byApi(made);
      await byPage(made);
    } finally {
      await page.stop();
    }
  },
});

const entries = (site: Site, pattern: string) =>
  JSON.stringify([{ path: site.folder.join(`logs/${pattern}`), topic: site.topic }]);

async function post({ site, url }: Made, token: string, body: Record<string, unknown>) {
  const response = await fetch(`${url}api/fleet/config`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "x-weir-change": "1" },
    body: JSON.stringify({ target: site.target, ...body }),
  });
  const lines = (await response.text()).trim().split("\n").map((line) => JSON.parse(line));
  return { status: response.status, lines, last: lines.at(-1) };
}

async function read({ site, url, viewer }: Made): Promise<ConfigAnswer> {
  const response = await fetch(`${url}api/fleet/config?target=${site.target}`, {
    headers: { authorization: `Bearer ${viewer}` },
  });
  return await response.json();
}

async function refusals(made: Made): Promise<void> {
  const { site, url, viewer, operator } = made;
  for (const action of ["check", "plan", "set", "rollback", "apply"]) {
    const { status, last } = await post(made, viewer, { action, text: entries(site, "*") });
    assert.deepEqual([status, last.code], [403, "ACCESS_OPERATOR"], action);
  }
  const bare = await fetch(`${url}api/fleet/config`, {
    method: "POST",
    headers: { authorization: `Bearer ${operator}` },
    body: "{}",
  });
  assert.equal((await bare.json()).code, "HTTP_CROSS_SITE");
  assert.equal((await read(made)).revision, 0, "nothing was written");
  const text = '[{"pth": "/x", "topic": "t"}]';
  const { status, last } = await post(made, operator, { action: "set", text });
  const file = site.folder.join("wrong.json");
  await Deno.writeTextFile(file, text);
  const said = await site.weir("config", "validate", site.target, file);
  assert.equal(status, 422);
  assert.equal(
    last.message,
    said.stderr.split("\nMend")[0]
      .replace("weir config: ", "").replaceAll(file, site.target),
  );
}

async function byApi(made: Made): Promise<void> {
  const { site, operator } = made;
  const first = await post(made, operator, {
    action: "set",
    text: entries(site, "*.log"),
    why: "a",
  });
  assert.equal(first.status, 200);
  const late = await post(made, operator, { action: "set", text: "[]" });
  assert.deepEqual([late.status, late.last.code], [409, "CONFIG_CONFLICT"]);
  const outside = JSON.stringify([{ path: "/etc/passwd", topic: site.topic }]);
  const wrong = { action: "apply", base: first.last.revision, text: outside };
  const bad = await post(made, operator, { ...wrong, hold: 0.5 });
  assert.equal(bad.last.error?.code, "CONFIG_TAKEN_BACK", JSON.stringify(bad.lines));
  assert.match(bad.lines.map(({ say }) => say).join("\n"), /1 registered, 1 canaries/);
  const good = { action: "apply", base: first.last.revision, text: entries(site, "a*.log") };
  const done = await post(made, operator, { ...good, why: "b", hold: 0.5 });
  assert(done.last.revision > first.last.revision, JSON.stringify(done.lines));
  const back = { action: "rollback", base: done.last.revision };
  assert.equal((await post(made, operator, back)).status, 200);
  const { text, history } = await read(made);
  assert.equal(text, entries(site, "*.log"));
  assert.deepEqual(history.map(({ who, why, how }) => [who, why, how]), [
    ["bot@page", "a", "set"],
    ["bot@page", "b", "apply"],
    ["bot@page", "back from 2", "rollback"],
  ]);
}

/** A change for three hosts that one of them fails at is planned, tried, taken back; a good one reaches all. */
async function trials(site: Site, page: Page): Promise<void> {
  await site.startAgent("web-2");
  await site.startAgent("web-3");
  await site.waitForAgents(3);
  await waitFor("all three to have the value", async () => {
    return [...(await site.live()).values()].every(({ applied }) => applied.state === "APPLIED");
  });
  // The trial of the page takes ten seconds of a canary's health; one is enough here.
  await page.route("**/api/fleet/config", async (route) => {
    const body = route.request().postDataJSON();
    const short = body?.action === "apply" && JSON.stringify({ ...body, hold: 1 });
    await route.continue(short ? { postData: short } : {});
  });
  const box = page.getByLabel("Value, JSON or YAML"), before = await box.inputValue();
  const bad = [{ path: site.folder.join("logs/*.log"), topic: site.topic }, {
    path: "/etc/passwd",
    topic: site.topic,
  }];
  await box.fill(JSON.stringify(bad));
  await page.getByRole("button", { name: "Plan" }).click();
  await page.getByText("PATH_OUTSIDE_ROOTS").first().waitFor();
  assert.equal(await page.getByText(/1 files, \d begin, 0 end, 1 problems/).count(), 3);
  await page.getByRole("button", { name: "Apply" }).click();
  await page.getByText(/: 3 registered, 1 canaries/).waitFor();
  await page.locator(".refusal", { hasText: /Taken back: web-.*PATH_OUTSIDE_ROOTS/ }).waitFor();
  await look(page, "fleet-config-taken-back");
  assert.deepEqual(JSON.parse(await box.inputValue()), bad, "it stays in the box, to be mended");
  assert.equal(await site.client.get(site.key).string(), entries(site, "*.log"));

  await box.fill(entries(site, "a*.log"));
  await page.getByLabel("Why").fill("mended");
  await page.getByRole("button", { name: "Apply" }).click();
  await page.getByText(/applied by 3 of 3 after \d+ ms/).waitFor();
  await page.locator(".changes li", { hasText: "mended" }).getByText("boss@page").waitFor();
  console.log(await page.getByText(/applied by 3 of 3/).innerText());
  await waitFor("all three to tail it", async () => {
    const live = [...(await site.live()).values()];
    return live.every(({ applied, health }) => applied.state === "APPLIED" && health.ok);
  });
  await page.getByRole("button", { name: /^Back to the value of change/ }).first().click();
  await page.locator(".changes li", { hasText: /rollback.*back to/s }).nth(1).waitFor();
  assert.equal(await box.inputValue(), before);
}

async function byPage({ site, url }: Made): Promise<void> {
  const browser = await openBrowser();
  try {
    const login = { username: "boss", password: PASSWORD };
    const opened = await openPage(browser, `${url}fleet?config=${site.target}`, { login });
    const { page } = opened;
    await page.getByRole("button", { name: "Plan" }).click();
    await page.getByText("1 files, 0 begin, 0 end, 0 problems").waitFor();
    await page.locator(".planned pre", { hasText: "first line" }).waitFor();
    await look(page, "fleet-config-plan");
    const box = page.getByLabel("Value, JSON or YAML");
    await box.fill('[{"pth": 1}]');
    await page.getByRole("button", { name: "Check" }).click();
    await page.locator(".refusal", { hasText: 'did you mean "path"?' }).waitFor();
    await look(page, "fleet-config-refused");
    await box.fill(entries(site, "b*.log"));
    await page.getByLabel("Why").fill("by hand");
    await page.getByRole("button", { name: "Write at once" }).click();
    await page.getByText(/Revision \d+ written/).waitFor();
    await page.locator(".changes li", { hasText: "by hand" }).getByText("boss@page").waitFor();
    await page.getByRole("button", { name: "Back to the value of change 1" }).click();
    await page.locator(".changes li", { hasText: "back to 1" }).waitFor();
    assert.match(await box.inputValue(), /logs\/\*\.log/);
    await trials(site, page);
    assert.deepEqual(opened.foreign, []);
  } finally {
    await browser.close();
  }
}
