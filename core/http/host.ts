/** Which Host headers are answered: a page elsewhere must not reach us by a name that it made point here. */

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\]|::1)$/;

/**
 * True where the Host header names this listener: loopback names for a loopback listener; for another address that
 * address, its loopback names, or one of `names`.
 */
export function hostAllowed(
  header: string | null,
  listening: string,
  names: readonly string[] = [],
): boolean {
  if (header === null) return false;
  const [port, digits] = /:(\d+)$/.exec(header) ?? ["", "0"];
  if (Number(digits) > 65_535) return false; // no URL could be made of it
  const host = header.slice(0, header.length - port.length).toLowerCase();
  if (LOOPBACK.test(host)) return true;
  if (isLoopback(listening)) return false;
  return names.includes(host) || host === listening ||
    (names.length === 0 && /^(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:]+\])$/.test(host));
}

export function isLoopback(hostname: string): boolean {
  return LOOPBACK.test(hostname);
}
