/**
 * A real Chromium for the tests of the page: Debian's, driven by playwright-core. Where it is missing it is installed
 * as root; else the run stops and says which command installs it.
 */
import { type Browser, chromium, type Page } from "playwright-core";
import { patience } from "../support/wait.ts";

const NAMES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const INSTALL = "apt-get update && apt-get install -y --no-install-recommends chromium";

/** Path of a Chromium; installs one where it may. Throws with the command that installs it. */
export async function chromiumPath(): Promise<string> {
  const given = Deno.env.get("WEIR_CHROMIUM");
  if (given) return given;
  const found = NAMES.find(exists);
  if (found !== undefined) return found;
  if (Deno.uid() === 0 && exists("/usr/bin/apt-get")) {
    console.log(`Chromium is missing; installing it: ${INSTALL}`);
    const { success } = await new Deno.Command("sh", {
      args: ["-c", INSTALL],
      env: { DEBIAN_FRONTEND: "noninteractive" },
      stdin: "null",
    }).output();
    const now = NAMES.find(exists);
    if (success && now !== undefined) return now;
  }
  throw new Error(
    `Chromium is missing. Install it as root: ${INSTALL}; or name one in WEIR_CHROMIUM`,
  );
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Starts Chromium with an empty profile of its own. */
export async function openBrowser(): Promise<Browser> {
  return await chromium.launch({
    executablePath: await chromiumPath(),
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

export interface Opened {
  page: Page;
  /** What the page said on the console as warning or error, and what it threw. */
  complaints: string[];
  /** Requests to anywhere but the server. */
  foreign: string[];
  close(): Promise<void>;
}

/** A page in a context of its own: nothing is shared between tests. */
export async function openPage(
  browser: Browser,
  url: string,
  options: {
    width?: number;
    height?: number;
    colorScheme?: "light" | "dark";
    locale?: string;
    permissions?: string[];
    login?: { username: string; password: string };
  } = {},
): Promise<Opened> {
  const context = await browser.newContext({
    viewport: { width: options.width ?? 1280, height: options.height ?? 800 },
    colorScheme: options.colorScheme ?? "light",
    locale: options.locale ?? "en-US",
    timezoneId: "UTC",
    reducedMotion: "reduce",
    permissions: options.permissions ?? [],
    ...(options.login && { httpCredentials: options.login }),
  });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000 * patience());
  const complaints: string[] = [], foreign: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  const { origin } = new URL(url);
  page.on("request", (request) => {
    if (!request.url().startsWith(origin) && !request.url().startsWith("data:")) {
      foreign.push(request.url());
    }
  });
  await page.goto(url);
  return { page, complaints, foreign, close: () => context.close() };
}
