/** The executables that the tests start. */

/**
 * Their folder, WEIR_TEST_DIST, which the runner sets; throws where it is not set.
 * @param how the command that runs these tests
 */
export function distFolder(how: string): string {
  const folder = Deno.env.get("WEIR_TEST_DIST");
  if (folder === undefined) throw new Error(`WEIR_TEST_DIST is not set. Run: ${how}`);
  return folder;
}
