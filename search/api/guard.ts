/**
 * What stands before every answer: GET only, no body read, nothing for pages of other sites, a password or token
 * where one is set (compared in constant time, failures limited), and the headers that keep a page a page.
 */
import { Buffer } from "node:buffer";
import { createHash, timingSafeEqual } from "node:crypto";
import { WeirError } from "../../core/errors.ts";

export interface AuthOptions {
  /** For people: HTTP Basic, any user name. */
  password?: string;
  /** For programs: Authorization: Bearer. */
  token?: string;
}

const FAILURES_MAX = 10;
const FAILURES_MS = 60_000;
const ADDRESSES_MAX = 1000;

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

export class Guard {
  readonly #secrets: { scheme: "basic" | "bearer"; hash: Buffer }[] = [];
  readonly #failures = new Map<string, { count: number; sinceMs: number }>();
  readonly #nowMs: () => number;

  constructor(auth: AuthOptions | undefined, nowMs: () => number) {
    this.#nowMs = nowMs;
    if (auth?.password) this.#secrets.push({ scheme: "basic", hash: hashOf(auth.password) });
    if (auth?.token) this.#secrets.push({ scheme: "bearer", hash: hashOf(auth.token) });
  }

  get asks(): boolean {
    return this.#secrets.length > 0;
  }

  /** Throws HTTP_AUTH_FAILED, or HTTP_AUTH_LIMIT after ten failures of one address within a minute. */
  check(request: Request, remote: string): void {
    if (!this.asks) return;
    const failed = this.#failures.get(remote);
    const recent = failed !== undefined && this.#nowMs() - failed.sinceMs < FAILURES_MS;
    if (recent && failed.count >= FAILURES_MAX) {
      throw new WeirError("HTTP_AUTH_LIMIT", "Too many wrong passwords from this address", {
        hint: "Wait a minute.",
        retriable: true,
      });
    }
    const header = request.headers.get("authorization");
    if (this.#accepts(header)) return;
    // A browser's first request has no password; that is no failure.
    if (header !== null) {
      if (!recent) {
        if (this.#failures.size >= ADDRESSES_MAX) this.#failures.clear();
        this.#failures.set(remote, { count: 1, sinceMs: this.#nowMs() });
      } else failed.count++;
    }
    throw new WeirError("HTTP_AUTH_FAILED", "A password or token is needed", {
      hint: "Any user name with the password, or Authorization: Bearer with the token.",
    });
  }

  #accepts(header: string | null): boolean {
    const match = /^(basic|bearer) ([\x21-\x7e]{1,1024})$/i.exec(header ?? "");
    if (match === null) return false;
    const scheme = match[1].toLowerCase();
    let secret = match[2];
    if (scheme === "basic") {
      secret = Buffer.from(secret, "base64").toString("utf8").replace(/^[^:]*:/, "");
    }
    const hash = hashOf(secret);
    let accepted = false;
    // Every secret is compared, each in the same time whatever was sent.
    for (const known of this.#secrets) {
      if (timingSafeEqual(known.hash, hash) && known.scheme === scheme) accepted = true;
    }
    return accepted;
  }
}

function hashOf(secret: string): Buffer {
  return createHash("sha256").update(secret, "utf8").digest();
}
