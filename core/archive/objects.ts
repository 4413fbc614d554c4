/**
 * Port: where an archive keeps its objects. Adapters: a folder, an S3-compatible store, WebHDFS. Names are relative
 * paths with `/` between their parts: ASCII, no empty part, no `.` or `..`.
 *
 * Promises of every adapter:
 *  - put() replaces whole: whoever reads sees the bytes before or the bytes after, never a part, also over kill -9.
 *  - create() makes the object for one of all who try at the same time, and answers false to the others.
 *  - What put() and create() have resolved for is durable as far as the store can say so.
 *  - Any other failure rejects with a WeirError, retriable where trying again can help.
 */
export interface ObjectStore {
  /** For messages: where the objects are, without secrets. */
  readonly name: string;
  /** Undefined where there is none. */
  get(name: string): Promise<Uint8Array | undefined>;
  put(name: string, bytes: Uint8Array): Promise<void>;
  /** False where there is one already. */
  create(name: string, bytes: Uint8Array): Promise<boolean>;
  /** All objects below a folder name that ends with `/` (or "" for all), in no order. */
  list(folder: string): AsyncIterable<ObjectEntry>;
  /** Resolves also where there is none. */
  delete(name: string): Promise<void>;
  close(): void;
}

/** What whoever only reads needs of the same stores. */
export interface ObjectReader extends Pick<ObjectStore, "name" | "get" | "list" | "close"> {
  /** Bytes `from` to `to`, exclusive, of what get() gives; fewer where it ends before. Undefined where there is none. */
  slice(name: string, from: number, to: number): Promise<Uint8Array | undefined>;
  /** Names of the folders right below a folder name that ends with `/` (or ""), without it and without `/`; in no order. */
  folders(folder: string): AsyncIterable<string>;
}

export interface ObjectEntry {
  name: string;
  bytes: number;
}

/** Whether a text can be the name of an object. */
export function isObjectName(name: string): boolean {
  return name.length <= 1000 && /^[A-Za-z0-9_=.-]+(\/[A-Za-z0-9_=.-]+)*$/.test(name) &&
    !name.split("/").some((part) => part === "." || part === "..");
}
