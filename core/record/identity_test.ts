import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { dayOf, foreignUid, isGeneration, newGeneration, uidOf } from "./identity.ts";

Deno.test("newGeneration() is 12 random bytes in base64url", () => {
  for (let seed = 0; seed < 300; seed++) {
    const bytes = Uint8Array.from({ length: 12 }, (_, i) => (seed * 37 + i * 101 + seed * i) & 255);
    const made = newGeneration((into) => into.set(bytes));
    assert.equal(made, Buffer.from(bytes).toString("base64url"));
    assert.ok(isGeneration(made));
  }
  const made = new Set(Array.from({ length: 1000 }, () => newGeneration()));
  assert.equal(made.size, 1000);
});

Deno.test("isGeneration() takes 16 characters of base64url, and nothing longer or shorter", () => {
  assert.equal(isGeneration("AbCdEfGh01234-_9"), true);
  for (
    const text of [
      "",
      "AbCdEfGh01234-_",
      "AbCdEfGh01234-_90",
      "AbCdEfGh01234+_9",
      "AbCdEfGh01234-_9\n",
    ]
  ) {
    assert.equal(isGeneration(text), false, text);
  }
});

Deno.test("uidOf() and foreignUid() name a line by its place", () => {
  assert.equal(uidOf("AbCdEfGh01234-_9", 10, 52), "AbCdEfGh01234-_9:10-52");
  assert.equal(foreignUid("web", 3, "7", 5000), "web-3-7-5000");
});

Deno.test("dayOf() changes at midnight UTC, forth and back", () => {
  const midnight = Date.UTC(2026, 10, 21);
  const days = [
    midnight - 1,
    midnight,
    midnight + 86_399_999,
    midnight + 86_400_000,
    midnight,
    0,
    -1,
  ];
  assert.deepEqual(days.map(dayOf), [
    ...[
      "2026-11-20",
      "2026-11-21",
      "2026-11-21",
      "2026-11-22",
      "2026-11-21",
      "1970-01-01",
      "1969-12-31",
    ],
  ]);
});
