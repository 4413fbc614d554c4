import assert from "node:assert/strict";
import { isZone, Zone, zoneOf } from "./zone.ts";

const HOUR_MS = 3_600_000;

Deno.test("Zone gives for every hour of two years what the zone data says, there and back", () => {
  for (const name of ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]) {
    const zone = new Zone(name), from = Date.UTC(2025, 0, 1);
    let late = 0;
    for (let ms = from; ms < from + 730 * 24 * HOUR_MS; ms += 7 * HOUR_MS) {
      const back = zone.utcOf(zone.localOf(ms));
      if (back === ms) continue;
      late++;
      // Of a local time that came twice the first is meant.
      assert.ok(back < ms && ms - back <= HOUR_MS && zone.localOf(back) === zone.localOf(ms), name);
    }
    assert.ok(late <= 2, `${name}: ${late}`);
  }
});

Deno.test("Zone knows both sides of a change to the quarter of an hour", () => {
  const berlin = new Zone("Europe/Berlin");
  const utc = (text: string) =>
    new Date(berlin.utcOf(Date.parse(`${text}Z`))).toISOString().slice(0, 16);
  assert.equal(utc("2026-03-29T01:59"), "2026-03-29T00:59");
  assert.equal(utc("2026-03-29T02:30"), "2026-03-29T01:30", "an hour that never was");
  assert.equal(utc("2026-03-29T03:00"), "2026-03-29T01:00");
  assert.equal(utc("2026-10-25T01:59"), "2026-10-24T23:59");
  assert.equal(utc("2026-10-25T02:00"), "2026-10-25T00:00", "came twice: the first");
  assert.equal(utc("2026-10-25T02:59"), "2026-10-25T00:59");
  assert.equal(utc("2026-10-25T03:00"), "2026-10-25T02:00");
  assert.equal(utc("2026-10-25T02:00"), "2026-10-25T00:00", "asked again");
  assert.equal(berlin.utcOf(Date.UTC(2026, 6, 1) + 5.5), Date.UTC(2026, 5, 30, 22) + 5.5);
});

Deno.test("Zone takes UTC by each of its names as it is", () => {
  for (const name of ["UTC", "utc", "Z", "GMT", "Etc/UTC"]) {
    assert.equal(new Zone(name).utcOf(12_345), 12_345);
    assert.equal(new Zone(name).localOf(12_345), 12_345);
  }
});

Deno.test("zoneOf() gives the same zone for a name, and UTC for one that nobody knows", () => {
  assert.equal(zoneOf("Asia/Tokyo"), zoneOf("Asia/Tokyo"));
  assert.equal(zoneOf("Asia/Tokyo").name, "Asia/Tokyo");
  assert.equal(zoneOf("Nowhere/At_All").utcOf(7), 7);
  assert.throws(() => new Zone("Nowhere/At_All"), RangeError);
  assert.deepEqual([isZone("Asia/Tokyo"), isZone("Nowhere/At_All")], [true, false]);
});
