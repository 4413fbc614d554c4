/** `weir config edit`, `diff` and `history`: a value changed in an editor; a wrong text changes nothing and is kept. */
import assert from "node:assert/strict";
import { Site } from "./site.ts";

Deno.test({
  name:
    "config edit: an editor's text is checked and written with who and why; a wrong one is kept",
  sanitizeOps: false, // gRPC keeps its connection for a while after it is closed
  sanitizeResources: false,
  async fn() {
    await using site = await Site.open();
    const { target, topic, folder, client, key } = site;
    const editor = folder.join("editor");
    const editWith = async (script: string, ...more: string[]) => {
      await Deno.writeTextFile(editor, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      site.env = { EDITOR: editor, VISUAL: editor };
      return await site.weir("config", "edit", target, ...more);
    };
    const value = (name: string) => JSON.stringify([{ path: `/var/log/${name}.log`, topic }]);
    const write = (name: string) => `printf '%s' '${value(name)}' > "$1"`;

    const first = await editWith(write("one"), "--why", "the first");
    assert.equal(first.code, 0, first.stderr);
    assert.equal(await client.get(key).string(), value("one"));
    assert.match((await editWith("true")).stdout, /nothing was changed/);

    const wrong = await editWith(`printf '[{"pth": "/x", "topic": "t"}]' > "$1"`);
    assert.notEqual(wrong.code, 0);
    assert.match(wrong.stderr, /Unknown key "0\.pth", did you mean "path"\?/);
    const [, kept] = /mend (\S+\.json)/.exec(wrong.stderr)!;
    assert.match(await Deno.readTextFile(kept), /pth/);
    await Deno.remove(kept);
    assert.equal(await client.get(key).string(), value("one"));

    // Somebody else was quicker, while the editor was open.
    const other = `${Deno.execPath()} run -A --quiet --no-check cli/main.ts config set ${target}`;
    await Deno.writeTextFile(folder.join("two.json"), value("two"));
    const late = await editWith(
      `${other} ${folder.join("two.json")} --etcd ${site.etcd} >/dev/null && ${write("three")}`,
    );
    assert.notEqual(late.code, 0, late.stdout);
    assert.equal(await client.get(key).string(), value("two"));

    const diff = await site.weir("config", "diff", target);
    assert.equal(diff.code, 1, diff.stderr);
    assert.match(diff.stdout, /^-.*one\.log.*\n\+.*two\.log/m);
    const history = (await site.weir("config", "history", target)).stdout.trim().split("\n");
    assert.equal(history.length, 2);
    assert.match(history[0], /operator.*the first/);
  },
});
