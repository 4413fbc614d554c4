/** The units: no fault for systemd's own check, and exposed no more than the documents say. */
import assert from "node:assert/strict";
import { needCommand, sayOnStderr } from "../support/real/install.ts";
import { run, startProgram } from "../support/process.ts";

const FOLDER = new URL("../../deploy/systemd/", import.meta.url).pathname;

/** As docs/operations/systemd.md publishes them; systemd's scale of 0 (confined) to 10. */
const EXPOSURE_MAX: Record<string, number> = {
  "weir-agent": 1.5,
  "weir-transfer": 1.5,
  "weir-monitor": 2,
  "weir": 1.5,
};

for (const [name, most] of Object.entries(EXPOSURE_MAX)) {
  Deno.test(`${name}.service is exposed ${most} at most, and systemd finds no fault in it`, async () => {
    await needCommand("systemd-analyze", "systemd", sayOnStderr);
    const path = `${FOLDER}${name}.service`;
    const report = await run("systemd-analyze", [
      "security",
      "--offline=true",
      "--no-pager",
      path,
    ]);
    const level = Number(/exposure level for .*: ([\d.]+)/.exec(report)?.[1]);
    console.log(`${name}.service: ${level}`);
    assert.ok(level <= most, `${level} is more than ${most}:\n${report}`);

    const verify = startProgram("systemd-analyze", ["verify", "--man=no", path]);
    await verify.exit;
    const faults = verify.stderr.split("\n")
      .filter((line) => line.includes(`${name}.service`) && !/is not executable/.test(line));
    assert.deepEqual(faults, []);
  });
}
