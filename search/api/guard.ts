/**
 * What stands before every answer: GET alone but for the few paths that change something, nothing for pages of other
 * sites, who asks (a user or token of the users file, or the one password or token; compared in constant time, failures
 * limited), and the headers that keep a page a page.
 */
import { Buffer } from "node:buffer";
import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { WeirError } from "../../core/errors.ts";
import { type Identity, UNNAMED } from "../access/identity.ts";
import type { Users } from "../access/users.ts";

export interface AuthOptions {
  /** For people: HTTP Basic, any user name. */
  password?: string;
  /** For programs: Authorization: Bearer. */
  token?: string;
  /** People and programs by name, each with a role and topics. */
  users?: Users;
}

const FAILURES_MAX = 10;
const FAILURES_MS = 60_000;
const ADDRESSES_MAX = 1000;
/** A password that was right is not derived again for so long: that takes 100 ms of a core. */
const REMEMBERED_MS = 600_000;
const REMEMBERED_MAX = 1000;
const CHECKS_MAX = 8;

/** The header with which our own page changes things; no other site can send it without asking first. */
export const CHANGE_HEADER = "x-weir-change";
const CHANGE_PATHS: ReadonlySet<string> = new Set(["/api/fleet/config", "/api/fleet/dead"]);

/** Headers of every answer. */
export const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
};

/** Throws HTTP_METHOD, HTTP_CROSS_SITE. */
export function checkRequest(request: Request): void {
  if (request.method === "POST" && CHANGE_PATHS.has(new URL(request.url).pathname)) {
    return checkChange(request);
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    throw new WeirError("HTTP_METHOD", `${request.method.slice(0, 20)} is not answered here`, {
      hint: "Everything here is read with GET.",
    });
  }
  const site = request.headers.get("sec-fetch-site");
  // A link from elsewhere may open the page; another site's script may not make us search.
  if (site === "cross-site" && request.headers.get("sec-fetch-mode") !== "navigate") {
    throw new WeirError("HTTP_CROSS_SITE", "Requests of other sites are not answered", {
      hint: "Open the page itself.",
    });
  }
}

/** A browser sends a password by itself: a change must come from our own page, or from a program. */
function checkChange(request: Request): void {
  const site = request.headers.get("sec-fetch-site");
  const origin = request.headers.get("origin");
  const isForeign = (site !== null && site !== "same-origin") ||
    (origin !== null && URL.parse(origin)?.host !== request.headers.get("host"));
  if (!isForeign && request.headers.get(CHANGE_HEADER) !== null) return;
  throw new WeirError("HTTP_CROSS_SITE", "Requests of other sites are not answered", {
    hint: `A program says ${CHANGE_HEADER}: 1.`,
  });
}

export class Guard {
  readonly #secrets: { scheme: "basic" | "bearer"; hash: Buffer }[] = [];
  readonly #users: Users | undefined;
  readonly #failures = new Map<string, { count: number; sinceMs: number }>();
  readonly #remembered = new Map<string, { identity: Identity; untilMs: number }>();
  readonly #key = randomBytes(32);
  readonly #nowMs: () => number;
  #checks = 0;

  constructor(auth: AuthOptions | undefined, nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#users = auth?.users;
    if (auth?.password) this.#secrets.push({ scheme: "basic", hash: hashOf(auth.password) });
    if (auth?.token) this.#secrets.push({ scheme: "bearer", hash: hashOf(auth.token) });
  }

  get asks(): boolean {
    return this.#secrets.length > 0 || this.#users !== undefined;
  }

  /**
   * Who asks. Rejects with HTTP_AUTH_FAILED, or HTTP_AUTH_LIMIT after ten failures of one address within a minute, and
   * while too many passwords are being checked.
   */
  async check(request: Request, remote: string): Promise<Identity> {
    if (!this.asks) return UNNAMED;
    const failed = this.#failures.get(remote);
    const recent = failed !== undefined && this.#nowMs() - failed.sinceMs < FAILURES_MS;
    if (recent && failed.count >= FAILURES_MAX) {
      throw new WeirError("HTTP_AUTH_LIMIT", "Too many wrong passwords from this address", {
        hint: "Wait a minute.",
        retriable: true,
      });
    }
    const header = request.headers.get("authorization");
    const identity = header === null ? undefined : await this.#identity(header);
    if (identity !== undefined) return identity;
    // A browser's first request has no password; that is no failure.
    if (header !== null) this.#failed(remote);
    throw new WeirError("HTTP_AUTH_FAILED", "A password or token is needed", {
      hint: this.#users === undefined
        ? "Any user name with the password, or Authorization: Bearer with the token."
        : "Your name and password, or Authorization: Bearer with a token.",
    });
  }

  #failed(remote: string): void {
    const failed = this.#failures.get(remote), now = this.#nowMs();
    if (failed !== undefined && now - failed.sinceMs < FAILURES_MS) return void failed.count++;
    if (this.#failures.size >= ADDRESSES_MAX) this.#failures.clear();
    this.#failures.set(remote, { count: 1, sinceMs: now });
  }

  async #identity(header: string): Promise<Identity | undefined> {
    const match = /^(basic|bearer) ([\x21-\x7e]{1,2048})$/i.exec(header);
    if (match === null) return undefined;
    const scheme = match[1].toLowerCase(), given = match[2];
    if (scheme === "bearer") {
      return this.#users?.byToken(given) ?? this.#byTheOne("bearer", given);
    }
    const text = Buffer.from(given, "base64").toString("utf8");
    const colon = text.indexOf(":");
    const name = text.slice(0, Math.max(0, colon)), password = text.slice(colon + 1);
    return this.#byTheOne("basic", password) ?? await this.#byName(name, password);
  }

  /** The one password or token that has no name. */
  #byTheOne(scheme: "basic" | "bearer", secret: string): Identity | undefined {
    const hash = hashOf(secret);
    let accepted = false;
    // Every secret is compared, each in the same time whatever was sent.
    for (const known of this.#secrets) {
      if (timingSafeEqual(known.hash, hash) && known.scheme === scheme) accepted = true;
    }
    return accepted ? UNNAMED : undefined;
  }

  async #byName(name: string, password: string): Promise<Identity | undefined> {
    if (this.#users === undefined) return undefined;
    // What is remembered is of no use to whoever reads this process's memory later.
    const key = createHmac("sha256", this.#key).update(`${name}\n${password}`).digest("base64");
    const known = this.#remembered.get(key), now = this.#nowMs();
    if (known !== undefined && known.untilMs > now) return known.identity;
    if (this.#checks >= CHECKS_MAX) {
      throw new WeirError("HTTP_AUTH_LIMIT", "Too many passwords are being checked now", {
        hint: "Try again in a moment.",
        retriable: true,
      });
    }
    this.#checks++;
    try {
      const identity = await this.#users.byPassword(name, password);
      if (identity === undefined) return undefined;
      if (this.#remembered.size >= REMEMBERED_MAX) this.#remembered.clear();
      this.#remembered.set(key, { identity, untilMs: now + REMEMBERED_MS });
      return identity;
    } finally {
      this.#checks--;
    }
  }
}

function hashOf(secret: string): Buffer {
  return createHash("sha256").update(secret, "utf8").digest();
}
