/**
 * The files of the page. From source they are bundled at the first call; an executable carries them: the build puts a
 * module with the finished files in the place of this one.
 */
import { bundlePage } from "./build.ts";

/** Files by path: "/", "/fleet", "/script.js" and so on. */
export function pageFiles(): Promise<ReadonlyMap<string, Uint8Array>> {
  return bundlePage();
}
