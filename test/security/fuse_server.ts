/**
 * A FUSE server that shows the files of one folder, read-only, for tests that stop it: run with the device as its
 * standard input and error, `deno run -A fuse_server.ts FOLDER <&3 2>&3`. It caches nothing and says so: each question of
 * a program comes here, and hangs while this process is stopped.
 */
import { joined } from "../support/bytes.ts";

const OP = {
  lookup: 1,
  forget: 2,
  getattr: 3,
  open: 14,
  read: 15,
  statfs: 17,
  release: 18,
  init: 26,
  opendir: 27,
  readdir: 28,
  releasedir: 29,
  interrupt: 36,
  destroy: 38,
  batchForget: 42,
};
const ENOENT = 2, ENOSYS = 38;
/** Reads ask here each time, and closing asks nothing. */
const DIRECT_IO = 1, NO_FLUSH = 1 << 5;
const ROOT = 1n, DIRECTORY = 0o40755, FILE = 0o100644;
const HEAD_IN = 40, HEAD_OUT = 16;

/** Files by node, and nodes by name and inode: another file of the same name is another node. */
class Nodes {
  readonly #folder: string;
  readonly #files = new Map<bigint, string>();
  readonly #nodes = new Map<string, bigint>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  of(name: string): bigint | undefined {
    try {
      const key = `${Deno.statSync(`${this.#folder}/${name}`).ino} ${name}`;
      const node = this.#nodes.get(key) ?? BigInt(this.#nodes.size + 2);
      this.#nodes.set(key, node);
      this.#files.set(node, `${this.#folder}/${name}`);
      return node;
    } catch {
      return undefined;
    }
  }

  attributes(node: bigint): Uint8Array | undefined {
    const path = node === ROOT ? this.#folder : this.#files.get(node);
    if (path === undefined) return undefined;
    const { size, mtime } = Deno.statSync(path), ms = mtime?.getTime() ?? 0;
    const bytes = new Uint8Array(88), view = new DataView(bytes.buffer);
    view.setBigUint64(0, node, true);
    view.setBigUint64(8, BigInt(size), true);
    for (const at of [24, 32, 40]) view.setBigUint64(at, BigInt(Math.floor(ms / 1000)), true);
    for (const at of [48, 52, 56]) view.setUint32(at, (ms % 1000) * 1e6, true);
    view.setUint32(60, node === ROOT ? DIRECTORY : FILE, true);
    view.setUint32(64, 1, true);
    view.setUint32(80, 4096, true);
    return bytes;
  }

  read(node: bigint, offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    using file = Deno.openSync(this.#files.get(node)!);
    file.seekSync(offset, Deno.SeekMode.Start);
    return bytes.subarray(0, file.readSync(bytes) ?? 0);
  }

  list(offset: number, length: number): Uint8Array {
    const entries: Uint8Array[] = [];
    let bytes = 0;
    for (const { name } of [...Deno.readDirSync(this.#folder)].slice(offset)) {
      const text = new TextEncoder().encode(name);
      const entry = new Uint8Array((24 + text.length + 7) & ~7), view = new DataView(entry.buffer);
      if (bytes + entry.length > length) break;
      view.setBigUint64(0, this.of(name) ?? ROOT, true);
      view.setBigUint64(8, BigInt(offset + entries.length + 1), true);
      view.setUint32(16, text.length, true);
      view.setUint32(20, FILE >> 12, true);
      entry.set(text, 24);
      entries.push(entry);
      bytes += entry.length;
    }
    return joined(...entries);
  }
}

function initAnswer(): Uint8Array {
  const answer = new Uint8Array(64), view = new DataView(answer.buffer);
  view.setUint32(0, 7, true);
  view.setUint32(4, 31, true);
  view.setUint32(8, 65_536, true); // read ahead
  view.setUint16(16, 12, true); // background
  view.setUint16(18, 9, true);
  view.setUint32(20, 65_536, true); // written at once
  view.setUint32(24, 1, true);
  return answer;
}

function opened(): Uint8Array {
  const answer = new Uint8Array(16);
  new DataView(answer.buffer).setUint32(8, DIRECT_IO | NO_FLUSH, true);
  return answer;
}

/** The answer to a request; a number: its errno; undefined: it wants none. */
function answerTo(nodes: Nodes, request: Uint8Array): Uint8Array | number | undefined {
  const view = new DataView(request.buffer, request.byteOffset, request.length);
  const node = view.getBigUint64(16, true);
  const offset = () => Number(view.getBigUint64(HEAD_IN + 8, true));
  const length = () => view.getUint32(HEAD_IN + 16, true);
  switch (view.getUint32(4, true)) {
    case OP.init:
      return initAnswer();
    case OP.lookup: {
      const name = new TextDecoder().decode(request.subarray(HEAD_IN, request.length - 1));
      const found = nodes.of(name);
      if (found === undefined) return ENOENT;
      const entry = new Uint8Array(40);
      new DataView(entry.buffer).setBigUint64(0, found, true);
      return joined(entry, nodes.attributes(found)!);
    }
    case OP.getattr: {
      const attributes = nodes.attributes(node);
      return attributes === undefined ? ENOENT : joined(new Uint8Array(16), attributes);
    }
    case OP.open:
    case OP.opendir:
      return opened();
    case OP.read:
      return nodes.read(node, offset(), length());
    case OP.readdir:
      return nodes.list(offset(), length());
    case OP.statfs:
      return new Uint8Array(80);
    case OP.release:
    case OP.releasedir:
    case OP.destroy:
      return new Uint8Array(0);
    case OP.forget:
    case OP.batchForget:
    case OP.interrupt:
      return undefined;
    default:
      return ENOSYS;
  }
}

function serve(folder: string): void {
  const nodes = new Nodes(folder), buffer = new Uint8Array(1 << 18);
  for (;;) {
    const length = Deno.stdin.readSync(buffer); // rejects when it is unmounted: that is the end
    if (length === null) return;
    const request = buffer.subarray(0, length);
    let answer: Uint8Array | number | undefined;
    try {
      answer = answerTo(nodes, request);
    } catch {
      answer = ENOENT; // its file went away
    }
    if (answer === undefined) continue;
    const head = new Uint8Array(HEAD_OUT), view = new DataView(head.buffer);
    const body = typeof answer === "number" ? new Uint8Array(0) : answer;
    view.setUint32(0, HEAD_OUT + body.length, true);
    view.setInt32(4, typeof answer === "number" ? -answer : 0, true);
    head.set(request.subarray(8, 16), 8);
    Deno.stderr.writeSync(joined(head, body)); // standard output would cut it at line ends
  }
}

if (import.meta.main) serve(Deno.args[0]);
