/** Which folders hold tests: found by the names of their files, so that none must be named to be run. */

const NO_SOURCES = new Set(["node_modules", "dist", "test"]);

/** True for the name of a file of tests. */
export function isTestFile(name: string): boolean {
  return /_test\.tsx?$/.test(name);
}

/** Top folders with unit tests beside their code, by name. */
export async function unitFolders(root: string): Promise<string[]> {
  return await foldersWithTests(root, (name) => !NO_SOURCES.has(name) && !name.startsWith("."));
}

/** Folders of test/ that hold tests at any depth, as "test/e2e". */
export async function testFolders(root: string): Promise<string[]> {
  const names = await foldersWithTests(`${root}test/`, () => true);
  return names.map((name) => `test/${name}`);
}

async function foldersWithTests(
  parent: string,
  counts: (name: string) => boolean,
): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(parent)) {
    if (isDirectory && counts(name) && await holdsTests(parent + name)) found.push(name);
  }
  return found.sort();
}

async function holdsTests(folder: string): Promise<boolean> {
  for await (const { name, isFile, isDirectory } of Deno.readDir(folder)) {
    if (isFile && isTestFile(name)) return true;
    if (isDirectory && name !== "node_modules" && await holdsTests(`${folder}/${name}`)) {
      return true;
    }
  }
  return false;
}
