/** `weir demo`: half an hour of logs with an incident, found at once; nothing is left behind. */
import assert from "node:assert/strict";
import { EXIT } from "../../core/errors.ts";
import { tempDir } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";
import { ask, weir } from "./site.ts";

Deno.test("weir demo shows an incident of the last half hour, goes on, and leaves nothing", async () => {
  await using dir = await tempDir();
  await using demo = weir(["demo", "--listen", "127.0.0.1:0", "--rate", "5"], { TMPDIR: dir.path });
  const url = (await demo.waitForLine(/Weir is at\s+(http:\S+)/))[1];
  const written = Number((await demo.waitForLine(/: ([\d,]+) lines of/))[1].replaceAll(",", ""));
  assert(written > 5 * 60 * 20, `${written} lines`);
  const count = async (...args: string[]) =>
    Number((await ask(["search", "--count", "--url", url, ...args])).stdout);
  const options = { everyMs: 250 };
  await waitFor(
    "more lines than were there at the start",
    async () => await count() > written,
    options,
  );
  assert(await count("--until", "-20m") > 0, "times are those of the lines");
  assert(await count("level:error") > 10);
  assert(await count('"No space left on device"') > 10);
  assert(await count("log.file.path:*nginx*", '" 504 "') > 0);
  assert(await count("支付成功") > 0);
  demo.signal("SIGINT");
  assert.deepEqual(await demo.exit, { code: EXIT.ok, signal: null }, demo.tail());
  assert.deepEqual([...Deno.readDirSync(dir.path)], []);
});

Deno.test("weir demo keeps logs and lines with --data, and refuses a wrong rate", async () => {
  await using dir = await tempDir();
  for (const rate of ["0", "501", "x"]) {
    const { code, stderr } = await ask(["demo", "--rate", rate, "--data", dir.join("none")]);
    assert.equal(code, EXIT.usage, stderr);
  }
  const data = dir.join("kept");
  await using demo = weir(["demo", "--listen", "127.0.0.1:0", "--rate", "1", "--data", data]);
  await demo.waitForLine(/Weir is at/);
  await demo.stop();
  assert(Deno.statSync(`${data}/logs/nginx/access.log`).size > 0);
  assert(Deno.statSync(`${data}/data/store`).isDirectory);
});
