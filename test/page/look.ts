/** What axe-core says of a page as it is now. WEIR_SCREENSHOTS names a folder for pictures of what was looked at. */
import assert from "node:assert/strict";
import axe from "axe-core";
import type { Page } from "playwright-core";

/** Each two of theme, language and width meet once. */
export const WAYS = [
  ["light", "en-US", 1280],
  ["light", "zh-CN", 420],
  ["dark", "en-US", 420],
  ["dark", "zh-CN", 1280],
] as const;

const PICTURES = Deno.env.get("WEIR_SCREENSHOTS");

/** Fails where axe finds a violation. */
export async function look(page: Page, name: string): Promise<void> {
  if (PICTURES) await page.screenshot({ path: `${PICTURES}/${name}.png` });
  await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => {
    const result = await (globalThis as any).axe.run(document, { resultTypes: ["violations"] });
    return result.violations.map((one: any) =>
      `${one.id}: ${one.help}: ${
        one.nodes.slice(0, 3).map((node: any) =>
          `${node.html.slice(0, 150)} ${node.failureSummary}`
        )
          .join(" | ")
      }`
    );
  });
  assert.deepEqual(violations, [], name);
}
