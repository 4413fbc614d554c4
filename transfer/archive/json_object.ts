/** Objects that hold one JSON value with its version, `v`. */
import { messageOf, WeirError } from "../../core/errors.ts";
import type { ObjectStore } from "../../core/archive/objects.ts";

/** Undefined where there is none. Rejects with ARCHIVE_DAMAGED and `hint`, or the store's error. */
export async function readJson<T extends { v: number }>(
  store: ObjectStore,
  name: string,
  hint: string,
): Promise<T | undefined> {
  const bytes = await store.get(name);
  if (bytes === undefined) return undefined;
  try {
    const value = JSON.parse(new TextDecoder().decode(bytes)) as T;
    if (value.v === 1) return value;
    throw new Error(`version ${value.v} is not known`);
  } catch (error) {
    throw new WeirError(
      "ARCHIVE_DAMAGED",
      `${name} in ${store.name} cannot be read: ${messageOf(error)}`,
      { hint },
    );
  }
}

export function bytesOf(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value) + "\n");
}
