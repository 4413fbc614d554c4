import assert from "node:assert/strict";
import { freePort, tempDir, uniqueName } from "./temp.ts";

Deno.test("tempDir() is there, and gone after its block", async () => {
  let path: string;
  {
    await using folder = await tempDir();
    path = folder.path;
    await Deno.mkdir(folder.join("a"));
    await Deno.writeTextFile(folder.join("a/b"), "text");
    assert.equal((await Deno.stat(folder.join("a/b"))).size, 4);
  }
  await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
});

Deno.test("freePort() gives a port that can be listened on, each time another", () => {
  const ports = Array.from({ length: 50 }, freePort);
  assert.equal(new Set(ports).size, 50);
  for (const port of ports) Deno.listen({ hostname: "127.0.0.1", port }).close();
});

Deno.test("uniqueName() is fit for topics, indices and keys", () => {
  const names = Array.from({ length: 100 }, () => uniqueName("topic"));
  assert.equal(new Set(names).size, 100);
  for (const name of names) assert.match(name, /^topic-[0-9a-f]{10}$/);
});
