import assert from "node:assert/strict";
import picomatch from "picomatch";
import { escapePattern, upSources } from "./sources.ts";

Deno.test("upSources() takes everything under /var/log without arguments, its own data left out", () => {
  const { entries, roots } = upSources([], "/", "/data/weir");
  assert.deepEqual(roots, ["/var/log"]);
  assert.equal(entries[0].path, "/var/log/**/*");
  assert(entries[0].exclude.includes("/data/weir/**"));
});

Deno.test("upSources() takes files, directories and patterns, relative ones too, and names the roots", () => {
  const folder = Deno.realPathSync(Deno.makeTempDirSync());
  try {
    Deno.mkdirSync(`${folder}/sub`);
    Deno.writeTextFileSync(`${folder}/a[1].log`, "");
    const { entries, roots } = upSources(
      ["a[1].log", "sub", "sub/*.log", "later.log"],
      folder,
      "data",
    );
    assert.deepEqual(entries.map((entry) => entry.path), [
      `${folder}/a\\[1\\].log`,
      `${folder}/sub/**/*`,
      `${folder}/sub/*.log`,
      `${folder}/later.log`,
    ]);
    assert.deepEqual(roots, [folder, `${folder}/sub`]);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("upSources() says where a path leads nowhere", () => {
  assert.throws(() => upSources(["/no/such/place/a.log"], "/", "/d"), { code: "USAGE_NO_FILE" });
  assert.throws(() => upSources(["/no/such/*.log"], "/", "/d"), { code: "USAGE_NO_FILE" });
});

Deno.test("upSources() leaves out what is never text, under any of its names", () => {
  const excluded = picomatch(upSources([], "/", "/d").entries[0].exclude, { dot: false });
  for (const name of ["btmp", "wtmp.1", "lastlog", "nginx/access.log.2.gz", "a/b.journal"]) {
    assert(excluded(`/var/log/${name}`), name);
  }
  for (const name of ["syslog", "wtmp-report.log.txt/x", "app/btmp.log/y", "dpkg.log"]) {
    assert(!excluded(`/var/log/${name}`), name);
  }
});

Deno.test("escapePattern() makes every character mean itself", () => {
  assert.equal(escapePattern("/a*b(1)!.log"), "/a\\*b\\(1\\)\\!.log");
});
