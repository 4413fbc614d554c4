/**
 * The users file: people with passwords (scrypt), programs with tokens (SHA-256 of 32 random bytes), each with a role
 * and topics. It holds no secret that could be used, but is nobody's to read all the same.
 */
import { Buffer } from "node:buffer";
import { createHash, randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { choice, settings } from "../../core/config/fields.ts";
import { type Identity, type Role, ROLES } from "./identity.ts";

const COST = 2 ** 15, BLOCK = 8, KEY_BYTES = 32;
const MEMORY_MAX = 128 * 2 ** 20;
const PASSWORD = /^scrypt\$(\d{4,7})\$([A-Za-z0-9_-]{22})\$([A-Za-z0-9_-]{43})$/;
const TOKEN = /^sha256\$([A-Za-z0-9_-]{43})$/;

const who = {
  name: z.string().regex(/^[A-Za-z0-9._@-]{1,64}$/, "Expected letters, digits and . _ @ -").meta({
    description: "Name; stands in the history of what it changes.",
  }),
  role: choice(ROLES, "viewer", { description: "operator: may change configurations." }),
  topics: z.array(z.string().min(1).max(300)).min(1).max(1000).optional().meta({
    description: "Topics that it may read; left out: all. Only for a viewer.",
    example: ["web_log"],
  }),
};

export const usersSchema = settings({
  users: z.array(z.strictObject({
    ...who,
    password: z.string().regex(PASSWORD, "Expected what `weir user` prints").meta({
      description: "Hash of the password, as `weir user` prints it.",
    }),
  })).max(1000).default([]).meta({ description: "People." }),
  tokens: z.array(z.strictObject({
    ...who,
    token: z.string().regex(TOKEN, "Expected what `weir user --token` prints").meta({
      description: "Hash of the token, as `weir user --token` prints it.",
    }),
  })).max(1000).default([]).meta({ description: "Programs." }),
}).superRefine((value, context) => {
  const seen = new Set<string>();
  for (const kind of ["users", "tokens"] as const) {
    value[kind].forEach(({ name, role, topics }, i) => {
      const fault = (field: string, message: string) =>
        context.addIssue({ code: "custom", path: [kind, i, field], message });
      if (seen.has(name)) fault("name", `"${name}" is there twice`);
      seen.add(name);
      if (role === "operator" && topics !== undefined) {
        fault("topics", "An operator may read every topic: leave topics out");
      }
    });
  }
});

export type UsersFile = z.output<typeof usersSchema>;

/** The hash of a password, for the users file. Takes some 100 ms. */
export async function passwordHash(password: string): Promise<string> {
  const salt = randomBytes(16).toString("base64url");
  return `scrypt$${COST}$${salt}$${await derived(password, salt, COST)}`;
}

/** A new token and its hash for the users file. */
export function newToken(): { token: string; hash: string } {
  const token = randomBytes(32).toString("base64url");
  return { token, hash: tokenHash(token) };
}

function tokenHash(token: string): string {
  return `sha256$${createHash("sha256").update(token, "utf8").digest("base64url")}`;
}

function derived(password: string, salt: string, cost: number): Promise<string> {
  const options = { N: cost, r: BLOCK, p: 1, maxmem: MEMORY_MAX };
  return new Promise((resolve, reject) =>
    scrypt(password, salt, KEY_BYTES, options, (error, key) => {
      if (error) reject(error);
      else resolve(Buffer.from(key).toString("base64url"));
    })
  );
}

/** Compared with where there is no such user: an answer takes as long as with one. */
const NOBODY = `scrypt$${COST}$${"A".repeat(22)}$${"A".repeat(43)}`;

export class Users {
  readonly #file: UsersFile;

  constructor(file: UsersFile) {
    this.#file = file;
  }

  get any(): boolean {
    return this.#file.users.length + this.#file.tokens.length > 0;
  }

  /** Who has this name and password; undefined where nobody has. */
  async byPassword(name: string, password: string): Promise<Identity | undefined> {
    const user = this.#file.users.find((one) => one.name === name);
    const [, cost, salt, wanted] = PASSWORD.exec(user?.password ?? NOBODY)!;
    const found = await derived(password.slice(0, 1024), salt, Number(cost));
    return equal(found, wanted) && user !== undefined ? identityOf(user) : undefined;
  }

  byToken(token: string): Identity | undefined {
    const hash = tokenHash(token);
    let found: Identity | undefined;
    for (const one of this.#file.tokens) if (equal(one.token, hash)) found = identityOf(one);
    return found;
  }
}

function identityOf(
  { name, role, topics }: { name: string; role: Role; topics?: string[] | undefined },
): Identity {
  return { name, role, topics };
}

function equal(one: string, other: string): boolean {
  const a = Buffer.from(one), b = Buffer.from(other);
  return a.length === b.length && timingSafeEqual(a, b);
}
