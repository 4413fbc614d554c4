/** What belongs to one test alone: folders that go with it, ports, names. Nothing here is shared between two tests. */

/** A folder that is removed with `await using`, or by remove(). */
export interface TempDir extends AsyncDisposable {
  readonly path: string;
  /** The path of a name in it. */
  join(name: string): string;
  /** Removes the folder with all it holds; twice is no fault. */
  remove(): Promise<void>;
}

/** Makes an empty folder in the system's temporary folder. */
export async function tempDir(prefix = "weir-test-"): Promise<TempDir> {
  const path = await Deno.makeTempDir({ prefix });
  const remove = () => removeAll(path);
  return { path, join: (name) => `${path}/${name}`, remove, [Symbol.asyncDispose]: remove };
}

/** Removes a file or a folder with all it holds; what is not there is no fault. */
export async function removeAll(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

const PORT_FIRST = 18_000, PORT_LAST = 32_000;
const given = new Set<number>();

/**
 * A TCP port of loopback on which nobody listens. It lies below the ports that Linux gives to outgoing connections
 * (32768 and up), so a server that is killed finds it free when it starts again.
 */
export function freePort(): number {
  for (let tries = 0; tries < 1000; tries++) {
    const port = PORT_FIRST + Math.floor(Math.random() * (PORT_LAST - PORT_FIRST));
    if (given.has(port)) continue;
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
    } catch (error) {
      if (error instanceof Deno.errors.AddrInUse) continue;
      throw error;
    }
    given.add(port);
    return port;
  }
  throw new Error(`Cannot find a free port: 1000 tries from ${PORT_FIRST} to ${PORT_LAST}`);
}

/** A name that no other test has, fit for topics, groups, indices, buckets and keys: `prefix-` and 10 characters. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${crypto.randomUUID().replaceAll("-", "").slice(0, 10)}`;
}
