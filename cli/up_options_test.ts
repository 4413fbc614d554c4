import assert from "node:assert/strict";
import { authOf, retentionOf, type UpOptions } from "./up_options.ts";

const options: UpOptions = { listen: "", keepDays: "30", keepGb: "0.5" };

Deno.test("authOf() takes secrets from a file before the environment, and refuses short ones", () => {
  const file = Deno.makeTempFileSync();
  try {
    Deno.writeTextFileSync(file, "from the file\n");
    const env = (name: string) => name === "WEIR_TOKEN" ? "token-token" : "password of env";
    assert.deepEqual(authOf({ ...options, passwordFile: file }, env), {
      password: "from the file",
      token: "token-token",
    });
    assert.equal(authOf(options, () => undefined), undefined);
    assert.equal(authOf(options, () => ""), undefined);
    assert.throws(() => authOf(options, () => "short"), { code: "USAGE_SECRET" });
    Deno.writeTextFileSync(file, "");
    assert.throws(() => authOf({ ...options, tokenFile: file }, () => undefined), {
      code: "USAGE_SECRET",
    });
    assert.throws(() => authOf({ ...options, tokenFile: `${file}x` }, () => undefined), {
      code: "SECRET_UNREADABLE",
    });
  } finally {
    Deno.removeSync(file);
  }
});

Deno.test("retentionOf() reads days and gigabytes, and refuses what is no number above 0", () => {
  assert.deepEqual(retentionOf(options), { ageMsMax: 30 * 86_400_000, diskBytesMax: 5e8 });
  assert.throws(() => retentionOf({ ...options, keepDays: "0" }), { code: "USAGE_NUMBER" });
  assert.throws(() => retentionOf({ ...options, keepGb: "x" }), { code: "USAGE_NUMBER" });
});
