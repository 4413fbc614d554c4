/** What every Files adapter must do, as tests that any adapter runs. */
import assert from "node:assert/strict";
import { WeirError } from "../errors.ts";
import { type Files, readFully } from "./files.ts";

export interface OpenFiles {
  files: Files;
  /** A folder that exists or comes into being with its first file. */
  folder: string;
  append(path: string, text: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  truncate(path: string): Promise<void>;
  close(): Promise<void>;
}

/** Registers the tests for one adapter. */
export function filesConformance(name: string, open: () => Promise<OpenFiles>): void {
  const test = (what: string, work: (opened: OpenFiles) => Promise<void>) =>
    Deno.test(`Files, ${name}: ${what}`, async () => {
      const opened = await open();
      try {
        await work(opened);
      } finally {
        await opened.close();
      }
    });
  testHandles(test);
  testNames(test);
}

type Register = (what: string, work: (opened: OpenFiles) => Promise<void>) => void;

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

function testHandles(test: Register): void {
  test("a handle reads its file after rename, growth and removal", async ({ files, folder, append, rename }) => {
    await append(`${folder}/a`, "one\n");
    const handle = await files.open(`${folder}/a`);
    try {
      await rename(`${folder}/a`, `${folder}/b`);
      await append(`${folder}/b`, "two\n");
      assert.equal(text(await readFully(handle, 0, 100)), "one\ntwo\n");
      await files.remove(`${folder}/b`);
      assert.equal(text(await readFully(handle, 4, 100)), "two\n");
      assert.equal((await handle.stat()).links, 0);
    } finally {
      handle.close();
    }
  });

  test("stat tells size and identity; a rename keeps the inode, a new file has another", async ({ files, folder, append, rename, truncate }) => {
    await append(`${folder}/a`, "12345");
    const first = await files.stat(`${folder}/a`);
    assert.deepEqual([first.kind, first.size, first.links], ["file", 5, 1]);
    await rename(`${folder}/a`, `${folder}/b`);
    await append(`${folder}/a`, "x");
    assert.equal((await files.stat(`${folder}/b`)).inode, first.inode);
    assert.notEqual((await files.stat(`${folder}/a`)).inode, first.inode);
    await truncate(`${folder}/b`);
    assert.deepEqual([
      (await files.stat(`${folder}/b`)).size,
      (await files.stat(`${folder}/b`)).inode,
    ], [0, first.inode]);
  });
}

function testNames(test: Register): void {
  test("lists a directory, and says what is missing", async ({ files, folder, append }) => {
    await append(`${folder}/a`, "x");
    await append(`${folder}/sub/b`, "x");
    const entries = await files.readDir(folder);
    assert.deepEqual(entries.map((entry) => `${entry.name} ${entry.kind}`).sort(), [
      "a file",
      "sub directory",
    ]);
    const calls: ((path: string) => Promise<unknown>)[] = [
      (path) => files.open(path),
      (path) => files.stat(path),
      (path) => files.readDir(path),
      (path) => files.readText(path),
      (path) => files.realPath(path),
    ];
    for (const call of calls) {
      await assert.rejects(
        call(`${folder}/none`),
        (error) => error instanceof WeirError && error.code === "FILE_NOT_FOUND",
      );
    }
  });

  test("writeAtomic replaces the whole content and makes the directory", async ({ files, folder }) => {
    const path = `${folder}/state/deep/file`;
    await files.writeAtomic(path, new TextEncoder().encode("one, longer than the next"));
    await files.writeAtomic(path, new TextEncoder().encode("two"));
    assert.equal(await files.readText(path), "two");
  });

  test("watch tells of changes until it is ended", async ({ files, folder, append }) => {
    await append(`${folder}/a`, "x");
    const seen = new Set<string>();
    const end = new AbortController();
    files.watch([folder], (path) => seen.add(path), end.signal);
    for (const limit = performance.now() + 20_000; !seen.has(`${folder}/b`);) {
      if (performance.now() > limit) throw new Error(`Seen: ${[...seen]}`);
      await append(`${folder}/b`, "y");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    end.abort();
    // The watch's resources are given back in a later turn.
    await new Promise((resolve) => setTimeout(resolve, 0));
  });
}
