/**
 * Cases 44 to 46: whatever etcd asks for and whatever a user puts into a log folder, nothing outside the roots is read;
 * on the machine's own file system, with real links.
 */
import assert from "node:assert/strict";
import { discover, openInside } from "../../agent/tail/discovery.ts";
import { parseEntries } from "../../agent/tail/entries.ts";
import { WeirError } from "../../core/errors.ts";
import type { Files } from "../../core/ports/files.ts";
import { systemFiles } from "../../core/system_files.ts";
import { TailSite } from "../agent/tail_site.ts";
import { type TempDir, tempDir } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";

interface Place {
  folder: TempDir;
  /** The only root. */
  logs: string;
  /** A file outside of it. */
  secret: string;
}

async function place(): Promise<Place> {
  const folder = await tempDir(), logs = folder.join("logs"), secret = folder.join("etc/shadow");
  await Deno.mkdir(logs);
  await Deno.mkdir(folder.join("etc"));
  await Deno.writeTextFile(secret, "root:secret\n");
  return { folder, logs: await Deno.realPath(logs), secret };
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "read";
  } catch (error) {
    assert(error instanceof WeirError, String(error));
    return error.code;
  }
}

Deno.test("44: entries of etcd for files outside the roots are refused, and said", async () => {
  const { folder, logs, secret } = await place();
  await using _ = folder;
  for (
    const path of [
      "/etc/shadow",
      ["", "root", ".ssh", "id_rsa"].join("/"),
      "/proc/self/environ",
      secret,
      "/etc/*",
      "/**",
    ]
  ) {
    const entries = parseEntries(JSON.stringify([{ path, topic: "t" }]), "etcd");
    // A pattern from the top would walk over the whole machine here: its files are refused one by one all the same.
    if (path === "/**") continue;
    const { files } = await discover(entries, systemFiles, 1000);
    for (const found of files.keys()) {
      assert.equal(await codeOf(openInside(found, [logs], systemFiles)), "PATH_OUTSIDE_ROOTS");
    }
  }
  for (const path of [`${logs}/../etc/shadow`, "../../etc/passwd", "/var/log/../../etc/shadow"]) {
    const text = JSON.stringify([{ path, topic: "t" }]);
    assert.throws(() => parseEntries(text, "etcd"), { code: "CONFIG_INVALID" }, path);
  }
});

Deno.test("45: links that lead out of the roots are refused, of a file and of a folder", async () => {
  const { folder, logs, secret } = await place();
  await using _ = folder;
  await Deno.symlink(secret, `${logs}/direct.log`);
  await Deno.symlink(folder.join("etc"), `${logs}/folder`);
  await Deno.symlink(`${logs}/direct.log`, `${logs}/twice.log`);
  await Deno.writeTextFile(`${logs}/app.log`, "a line\n");
  await Deno.symlink(`${logs}/app.log`, `${logs}/inside.log`);
  for (const name of ["direct.log", "folder/shadow", "twice.log"]) {
    assert.equal(
      await codeOf(openInside(`${logs}/${name}`, [logs], systemFiles)),
      "PATH_OUTSIDE_ROOTS",
      name,
    );
  }
  const site = new TailSite({
    root: logs,
    state: folder.join("state"),
    paths: [`${logs}/**`],
  });
  await site.start();
  await waitFor("the line", () => site.lines.length > 0, { timeoutMs: 60_000 });
  await waitFor("the refusals", () => site.set.problems.length >= 2, { timeoutMs: 60_000 });
  assert.deepEqual(site.lines.map(({ text }) => text), ["a line"]);
  assert(site.set.problems.every(({ code }) => code === "PATH_OUTSIDE_ROOTS"));
  await site.set.stop(1000);
});

/** The machine's files, with something done at the moment before a file is opened. */
function before(open: () => Promise<void>): Files {
  return {
    ...systemFiles,
    async open(path) {
      await open();
      return await systemFiles.open(path);
    },
  };
}

Deno.test("45: a file, or its folder, that becomes a link between the look and the opening is refused", async () => {
  const { folder, logs, secret } = await place();
  await using _ = folder;
  const path = `${logs}/app/a.log`;
  await Deno.mkdir(`${logs}/app`);
  await Deno.writeTextFile(path, "a line\n");
  const file = before(async () => {
    await Deno.remove(path);
    await Deno.symlink(secret, path);
  });
  assert.match(await codeOf(openInside(path, [logs], file)), /^(FILE_|PATH_)/);

  await Deno.remove(path);
  await Deno.writeTextFile(path, "a line\n");
  await Deno.writeTextFile(folder.join("etc/a.log"), "root:secret\n");
  const directory = before(async () => {
    await Deno.rename(`${logs}/app`, `${logs}/moved`);
    await Deno.symlink(folder.join("etc"), `${logs}/app`);
  });
  assert.equal(await codeOf(openInside(path, [logs], directory)), "PATH_CHANGED");
});

const guard = await Deno.readTextFile("/proc/sys/fs/protected_hardlinks").catch(() => "0");
const isGuarded = guard.trim() === "1" && Deno.uid() === 0;
if (!isGuarded) {
  console.log("skipped: links need root and a kernel with fs.protected_hardlinks = 1");
}

Deno.test({
  name: "46: a user cannot link somebody else's file into a log folder by another name",
  ignore: !isGuarded,
  fn: linked,
});

async function linked(): Promise<void> {
  const { folder, logs, secret } = await place();
  await using _ = folder;
  for (const path of [folder.path, folder.join("etc"), logs]) await Deno.chmod(path, 0o777);
  await Deno.chmod(secret, 0o600);
  const { code, stderr } = await new Deno.Command("setpriv", {
    args: ["--reuid", "65534", "--clear-groups", "ln", secret, `${logs}/linked.log`],
  }).output();
  assert.notEqual(code, 0);
  assert.match(new TextDecoder().decode(stderr), /not permitted|Permission denied/);
}
