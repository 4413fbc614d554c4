/**
 * Makes roles in etcd exactly as they are meant: what a role lacks is granted, what it has beyond is
 * taken away. Users, and the login itself, stay the operator's.
 */
import { Buffer } from "node:buffer";
import { type Etcd3, Range } from "etcd3";
import { bounded } from "../../core/etcd/bounded.ts";
import { etcdError } from "../../core/etcd/client.ts";
import type { Grant, Role } from "../../core/fleet/roles.ts";
import { systemClock } from "../../core/ports/clock.ts";

export interface RoleChange {
  name: string;
  made: boolean;
  granted: number;
  revoked: number;
}

const PERMISSION = { read: "Read", readwrite: "Readwrite" } as const;

/** Rejects with ETCD_NOT_AUTHORISED where the user is not root there. */
export async function makeRole(
  client: Etcd3,
  { name, grants }: Role,
  timeoutMs: number,
): Promise<RoleChange> {
  const within = <T>(work: Promise<T>) =>
    bounded(work, systemClock, timeoutMs, `Cannot make the role ${name}`);
  try {
    const known = await within(client.getRoles());
    const made = !known.some((role) => role.name === name);
    const role = client.role(name);
    if (made) await within(role.create());
    const has = made ? [] : await within(role.permissions());
    const wanted = new Map(grants.map((grant) => [idOf(requestOf(grant)), requestOf(grant)]));
    const there = new Set<string>();
    let granted = 0, revoked = 0;
    for (const permission of has) {
      const id = idOf(permission);
      if (wanted.has(id)) there.add(id);
      else {
        await within(role.revoke(permission));
        revoked++;
      }
    }
    for (const [id, request] of wanted) {
      if (there.has(id)) continue;
      await within(role.grant(request));
      granted++;
    }
    return { name, made, granted, revoked };
  } catch (error) {
    throw etcdError(error, `Cannot make the role ${name}`);
  }
}

function requestOf({ permission, key, prefix }: Grant) {
  return { permission: PERMISSION[permission], range: prefix ? Range.prefix(key) : new Range(key) };
}

function idOf({ permission, range }: { permission: string; range: Range }): string {
  const text = (bytes: Uint8Array | string) => Buffer.from(bytes).toString("hex");
  return `${permission} ${text(range.start)} ${text(range.end)}`;
}
