/** `weir audit --url` of a running weir up: whole, and with a planted hole in its store. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { waitFor } from "../support/wait.ts";
import { ask, UpSite } from "./site.ts";

Deno.test("weir audit of a weir up: nothing missing, then a planted hole", async () => {
  const text = (from: number) =>
    Array.from({ length: 100 }, (_, i) => `2026-11-20 10:00:00 INFO line ${from + i}\n`).join("");
  await using site = await UpSite.open({ "app.log": text(0) });
  const audit = async () => {
    const { code, stdout, stderr } = await ask(["audit", "--url", site.url, "--json"]);
    assert.notEqual(stdout, "", stderr);
    return { code, ...JSON.parse(stdout) };
  };
  const size = () => Deno.statSync(site.path("app.log")).size;
  const all = (lines: number) =>
    waitFor(`${lines} lines`, async () => {
      const found = await audit();
      return found.indexed === lines && found.acknowledgedBytes === size() ? found : undefined;
    }, { everyMs: 250 });
  const first = await all(100), firstSize = size();
  assert.deepEqual([first.code, first.missingBytes, first.doubledBytes], [0, 0, 0]);
  site.append("app.log", text(1000));
  await all(200);
  const secondSize = size();
  site.append("app.log", text(2000));
  assert.equal((await all(300)).missingBytes, 0);

  await site.stop();
  const database = new DatabaseSync(site.dataPath("store/store.db"));
  const rows = database.prepare("SELECT id FROM journal ORDER BY id").all() as { id: number }[];
  assert(rows.length >= 3, `${rows.length} parts of the open block`);
  database.prepare("DELETE FROM journal WHERE id = ?").run(rows[1].id);
  database.close();
  await site.start();
  const holed = await waitFor("the audit", async () => {
    const found = await audit();
    return found.acknowledgedBytes === size() ? found : undefined;
  }, { everyMs: 250 });
  assert.equal(holed.code, 1);
  const [{ missing }] = holed.faults;
  assert.deepEqual(missing, [{ start: firstSize, end: secondSize }]);
});
