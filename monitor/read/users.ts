/** Who is logged in, out of utmp: fixed records, newest kernels and distributions may have none. */

const RECORD_BYTES = 384, USER_PROCESS = 7, NAME_AT = 44, NAME_BYTES = 32;

/** Names of the sessions in a utmp file, one a session. */
export function parseUtmp(bytes: Uint8Array): string[] {
  const found: string[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + RECORD_BYTES <= bytes.length; at += RECORD_BYTES) {
    if (view.getInt16(at, true) !== USER_PROCESS) continue;
    const name = bytes.subarray(at + NAME_AT, at + NAME_AT + NAME_BYTES);
    const end = name.indexOf(0);
    found.push(new TextDecoder().decode(end === -1 ? name : name.subarray(0, end)));
  }
  return found;
}
