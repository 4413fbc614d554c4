import assert from "node:assert/strict";
import { Exposition } from "../../core/metrics/exposition.ts";
import { writeTextFiles } from "../write/prometheus_raid.ts";
import { parseTextFile, readTextFiles, type TextFolder } from "./text_files.ts";

function folderOf(files: Record<string, string | Error>): TextFolder {
  return {
    path: "/text",
    names: () => Object.keys(files),
    read(name) {
      const text = files[name];
      if (text instanceof Error) throw text;
      return { text, changedAtSeconds: 5 };
    },
  };
}

function pageOf(files: Record<string, string | Error>): string[] {
  const out = new Exposition(false, 1000);
  out.single("node_load1", "gauge", "Load.", 1);
  const textFiles = readTextFiles(folderOf(files));
  writeTextFiles(out, { timeMs: 0, reader: "procfs", collectors: [], textFiles });
  return out.text().split("\n");
}

Deno.test("parseTextFile() reads types, labels with odd characters, and parts of a histogram", () => {
  const [age, times] = parseTextFile(
    '# HELP age Of a backup.\n# TYPE age gauge\nage{ a = "x,\\"}=" , b="" } 1.5\nage +Inf\n' +
      '# TYPE t histogram\nt_bucket{le="+Inf"} 3\nt_sum 4\nt_count 3\n',
    "/f",
  );
  assert.deepEqual([age.type, age.help], ["gauge", "Of a backup."]);
  assert.deepEqual(age.samples, [
    { name: "age", labels: 'a="x,\\"}=",b=""', value: 1.5 },
    { name: "age", labels: "", value: Infinity },
  ]);
  assert.deepEqual(times.samples.map(({ name }) => name), ["t_bucket", "t_sum", "t_count"]);
  for (
    const wrong of ["a 1 1700000000000\n", "a x\n", "9a 1\n", 'a{b="c} 1\n', "a 1\na 2\n"]
      .concat("# TYPE a nothing\n")
  ) assert.throws(() => parseTextFile(wrong, "/f"), /line \d/, wrong);
});

Deno.test("one file that is not understood or refused is told, the others are shown", () => {
  const files = { "a.prom": "a 1\n", "b.prom": "b 1 1\n", "c.prom": new Error("refused"), "d": "" };
  const found = readTextFiles(folderOf(files));
  assert.deepEqual(found.families.map(({ name }) => name), ["a"]);
  assert.deepEqual(found.faults, [
    "/text/b.prom: line 1: no sample, or one with a time",
    "/text/c.prom: refused",
  ]);
  const lines = pageOf(files);
  assert(lines.includes("a 1") && lines.includes("node_textfile_scrape_error 1"));
  assert(lines.includes('node_textfile_mtime_seconds{file="/text/a.prom"} 5'));
});

Deno.test("families of several files are one; none takes the place of one of ours", () => {
  const lines = pageOf({
    "a.prom": '# TYPE a counter\na{n="1"} 1\n',
    "b.prom": '# TYPE a counter\na{n="2"} 2\n',
  });
  assert.equal(lines.filter((line) => line === "# TYPE a counter").length, 1);
  assert(lines.includes('a{n="1"} 1') && lines.includes('a{n="2"} 2'));
  assert(lines.includes("node_textfile_scrape_error 0"));
  for (const wrong of ["node_load1 5\n", "weir_x 5\n", "# TYPE a gauge\na 5\n"]) {
    const page = pageOf({ "a.prom": '# TYPE a counter\na{n="1"} 1\n', "b.prom": wrong });
    assert(page.includes("node_textfile_scrape_error 1"), wrong);
    assert(!page.some((line) => / 5$/.test(line) && !line.includes("mtime")), wrong);
  }
});
