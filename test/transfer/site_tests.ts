/** Tests of the transfer that have a site of their own, and a file where they want one; both go when the test ends. */
import { Site } from "./site.ts";

/** @param name the whole name of the test */
export function siteTest(name: string, run: (site: Site) => Promise<void>): void {
  Deno.test({
    name,
    sanitizeOps: false, // the clients keep sockets and timers for a while
    sanitizeResources: false,
    async fn() {
      const site = await Site.open();
      try {
        await run(site);
      } finally {
        await site.close();
      }
    },
  });
}

/** As siteTest(), with an empty file whose name ends with `suffix`. */
export function siteFileTest(
  name: string,
  suffix: string,
  run: (site: Site, file: string) => Promise<void>,
): void {
  siteTest(name, async (site) => {
    const file = await Deno.makeTempFile({ suffix });
    try {
      await run(site, file);
    } finally {
      await Deno.remove(file);
    }
  });
}
