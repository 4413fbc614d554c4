/**
 * Objects as files of HDFS, over WebHDFS. A file is written under a temporary name and renamed, which the namenode does
 * as one step: plainly it fails where the target exists, which makes create(); with OVERWRITE it replaces it.
 * https://hadoop.apache.org/docs/stable/hadoop-project-dist/hadoop-hdfs/WebHDFS.html
 */
import { ask, refused } from "./http_objects.ts";
import { isObjectName, type ObjectEntry, type ObjectReader, type ObjectStore } from "./objects.ts";

export interface HdfsOptions {
  /** `http://namenode:9870`. */
  endpoint: string;
  /** Absolute, without `/` at its end. */
  folder: string;
  user: string;
}

const CODE = "ARCHIVE_HDFS";
/** Folder of what is not yet published, below the archive's own. */
const TEMPORARY = "_tmp";

export class HdfsObjects implements ObjectStore, ObjectReader {
  readonly name: string;
  readonly #options: HdfsOptions;

  constructor(options: HdfsOptions) {
    this.#options = options;
    this.name = `${options.endpoint.replace(/^http/, "webhdfs")}${options.folder}`;
  }

  async get(name: string): Promise<Uint8Array | undefined> {
    const what = `read ${name} in ${this.name}`;
    const { status, body } = await this.#ask(what, name, "GET", "OPEN");
    if (status === 404) return undefined;
    if (status !== 200) throw refused(CODE, what, status, body);
    return body;
  }

  async slice(name: string, from: number, to: number): Promise<Uint8Array | undefined> {
    const what = `read ${name} in ${this.name}`;
    const range = { offset: String(from), length: String(Math.max(0, to - from)) };
    const { status, body } = await this.#ask(what, name, "GET", "OPEN", range);
    if (status === 404) return undefined;
    if (status === 403 && /offset/i.test(new TextDecoder().decode(body))) {
      return new Uint8Array(); // it ends before
    }
    if (status !== 200) throw refused(CODE, what, status, body);
    return body;
  }

  async put(name: string, bytes: Uint8Array): Promise<void> {
    await this.#rename(await this.#upload(bytes), name, true);
  }

  async create(name: string, bytes: Uint8Array): Promise<boolean> {
    const temporary = await this.#upload(bytes);
    const made = await this.#rename(temporary, name);
    if (!made) await this.delete(temporary);
    return made;
  }

  async *list(folder: string): AsyncIterable<ObjectEntry> {
    for (const { pathSuffix, length, type } of await this.#entries(folder)) {
      const name = folder + pathSuffix;
      if (!isObjectName(name) || name === TEMPORARY) continue;
      if (type === "DIRECTORY") yield* this.list(`${name}/`);
      else yield { name, bytes: length };
    }
  }

  async *folders(folder: string): AsyncIterable<string> {
    for (const { pathSuffix, type } of await this.#entries(folder)) {
      if (type === "DIRECTORY" && folder + pathSuffix !== TEMPORARY) yield pathSuffix;
    }
  }

  /** What is right below a folder. */
  async #entries(folder: string): Promise<{ pathSuffix: string; length: number; type: string }[]> {
    const what = `list ${folder} in ${this.name}`;
    const { status, body } = await this.#ask(what, folder.replace(/\/$/, ""), "GET", "LISTSTATUS");
    if (status === 404) return [];
    if (status !== 200) throw refused(CODE, what, status, body);
    const found = JSON.parse(new TextDecoder().decode(body)) as {
      FileStatuses: { FileStatus: { pathSuffix: string; length: number; type: string }[] };
    };
    return found.FileStatuses.FileStatus;
  }

  async delete(name: string): Promise<void> {
    const what = `delete ${name} in ${this.name}`;
    const { status, body } = await this.#ask(what, name, "DELETE", "DELETE");
    if (status !== 200 && status !== 404) throw refused(CODE, what, status, body);
  }

  close(): void {}

  async #upload(bytes: Uint8Array): Promise<string> {
    const name = `${TEMPORARY}/${crypto.randomUUID()}`, what = `write ${name} in ${this.name}`;
    const first = await this.#ask(what, name, "PUT", "CREATE", { noredirect: "true" });
    const place = first.headers.get("location") ?? locationOf(first.body);
    if (place === undefined) throw refused(CODE, what, first.status, first.body);
    const body = bytes as Uint8Array<ArrayBuffer>;
    const second = await ask(CODE, what, (signal) => fetch(place, { method: "PUT", body, signal }));
    if (second.status !== 201) throw refused(CODE, what, second.status, second.body);
    return name;
  }

  /** False where the target exists and is not to be replaced. */
  async #rename(from: string, to: string, replace = false): Promise<boolean> {
    const what = `rename to ${to} in ${this.name}`;
    const folder = to.slice(0, Math.max(0, to.lastIndexOf("/")));
    const made = await this.#ask(what, folder, "PUT", "MKDIRS");
    if (made.status !== 200) throw refused(CODE, what, made.status, made.body);
    const destination = `${this.#options.folder}/${to}`;
    const { status, body } = await this.#ask(what, from, "PUT", "RENAME", {
      destination,
      ...(replace ? { renameoptions: "OVERWRITE" } : {}),
    });
    if (status !== 200) throw refused(CODE, what, status, body);
    return replace || /true/.test(new TextDecoder().decode(body));
  }

  #ask(what: string, name: string, method: string, op: string, more: Record<string, string> = {}) {
    if (name !== "" && !isObjectName(name)) throw new Error(`Not the name of an object: ${name}`);
    const { endpoint, folder, user } = this.#options;
    const query = new URLSearchParams({ op, "user.name": user, ...more });
    const path = name === "" ? folder : `${folder}/${name}`;
    const url = `${endpoint}/webhdfs/v1${path.replaceAll("=", "%3D")}?${query}`;
    return ask(CODE, what, (signal) => fetch(url, { method, signal }));
  }
}

/** From the answer of `noredirect=true`: {"Location": "http://…"}. */
function locationOf(body: Uint8Array): string | undefined {
  try {
    return (JSON.parse(new TextDecoder().decode(body)) as { Location?: string }).Location;
  } catch {
    return undefined; // an error's page: the caller says so
  }
}
