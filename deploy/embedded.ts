/** Modules whose content is made at build time, by the end of their path: what the executables carry inside. */

/** Content of each `embedded.ts`; from source those modules find the same files themselves. */
export async function embeddedModules(_root: string): Promise<Record<string, string>> {
  return await Promise.resolve({});
}
