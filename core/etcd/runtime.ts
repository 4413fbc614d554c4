/** What the runtime underneath does with HTTP/2, where older ones need help. */

/** Deno 2.8 was the first to forget ended streams and to connect with the certificates that it is given. */
export function hasOldHttp2(): boolean {
  const [major, minor] = Deno.version.deno.split(".").map(Number);
  return major < 2 || (major === 2 && minor < 8);
}
