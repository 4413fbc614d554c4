import assert from "node:assert/strict";
import { linksPage, parseLink } from "./links.ts";

Deno.test("a link has a name, what a browser opens and what is asked", () => {
  assert.deepEqual(parseLink("Grafana=http://127.0.0.1:3000/,http://grafana:3000/api/health"), {
    name: "Grafana",
    url: "http://127.0.0.1:3000/",
    probe: "http://grafana:3000/api/health",
  });
  assert.equal(parseLink("The page=http://127.0.0.1:7700").probe, "http://127.0.0.1:7700");
  for (const wrong of ["", "x", "x=", "=http://a", "x=ftp://a", "x=javascript:alert(1)"]) {
    assert.throws(() => parseLink(wrong), /as NAME=URL/, wrong);
  }
});

Deno.test("what links say is text in the page", () => {
  const link = { name: "<b>", url: 'http://a/"><script>', probe: "http://a" };
  const page = linksPage([{ link, ok: false, said: "<script>" }]);
  assert.ok(!page.includes("<script>") && !page.includes("<b>"));
  assert.match(page, /0 of 1 answer/);
});
