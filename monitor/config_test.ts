import assert from "node:assert/strict";
import { loadSettings } from "../core/config/load.ts";
import { WeirError } from "../core/errors.ts";
import { checkSettings, type MonitorSettings, monitorSettings, parseTags } from "./config.ts";

function load(source: string): MonitorSettings {
  return loadSettings(monitorSettings, source, { name: "monitor.yaml" });
}

Deno.test("the defaults are a monitor for Prometheus on loopback", () => {
  const settings = load("");
  checkSettings(settings);
  assert.equal(settings.listen, "127.0.0.1:9464");
  assert.equal(settings.influx.interval, 10_000);
  assert.deepEqual([settings.prometheus.enabled, settings.influx.enabled], [true, false]);
  assert.equal(new RegExp(settings.filters.mountPointsIgnore).test("/sys/fs/cgroup"), true);
  assert.equal(new RegExp(settings.filters.mountPointsIgnore).test("/system"), false);
  assert.equal(new RegExp(settings.filters.disksIgnore).test("nvme0n1p2"), true);
  assert.equal(new RegExp(settings.filters.disksIgnore).test("nvme0n1"), false);
});

Deno.test("the specification refuses what no single field shows, and says where", () => {
  const refused = (source: string, message: RegExp) =>
    assert.throws(() => load(source), (error) => {
      assert(error instanceof WeirError);
      assert.equal(error.code, "CONFIG_INVALID");
      assert.match(error.message, message);
      return true;
    });
  refused("influx: {enabled: true}", /influx\.org: needed[^]*influx\.bucket: needed/);
  refused("influx: {enabled: true, api: v1}", /influx\.database: needed for v1/);
  refused("influx:\n  enabled: true\n  org: o\n  bucket: b\n  url: nowhere", /:5:\d+: influx\.url/);
  refused("prometheus: {enabled: false}", /no target/);
  refused("filters: {disksIgnore: '('}", /filters\.disksIgnore/);
  refused("tags: oops", /tags: .*key=value/);
});

Deno.test("checkSettings() tells the same of settings that came as a group", () => {
  const settings = load("");
  settings.influx.enabled = true;
  assert.throws(() => checkSettings(settings), /influx\.org: needed.*influx\.bucket: needed/);
});

Deno.test("parseTags() reads pairs", () => {
  assert.deepEqual(parseTags(" env=prod, rack=7 ,url=a=b"), { env: "prod", rack: "7", url: "a=b" });
  assert.deepEqual(parseTags(""), {});
});
