/**
 * Objects in a bucket of an S3-compatible store. create() is a conditional put (`If-None-Match: *`), which the store
 * must know: one that does not answers 501, and nothing is written.
 */
import { AwsClient } from "aws4fetch";
import { WeirError } from "../errors.ts";
import { ask, refused } from "./http_objects.ts";
import { isObjectName, type ObjectEntry, type ObjectReader, type ObjectStore } from "./objects.ts";

export interface S3Options {
  /** `http://127.0.0.1:9000`, `https://s3.eu-central-1.amazonaws.com`. */
  endpoint: string;
  region: string;
  bucket: string;
  /** In front of all names; "" or ending with `/`. */
  prefix: string;
  accessKey: string;
  secretKey: string;
}

export class S3Objects implements ObjectStore, ObjectReader {
  readonly name: string;
  readonly #client: AwsClient;
  readonly #bucket: string;
  readonly #prefix: string;

  constructor({ endpoint, region, bucket, prefix, accessKey, secretKey }: S3Options) {
    this.name = `s3://${bucket}/${prefix}`;
    this.#bucket = `${endpoint.replace(/\/$/, "")}/${bucket}`;
    this.#prefix = prefix;
    this.#client = new AwsClient({
      accessKeyId: accessKey,
      secretAccessKey: secretKey,
      region,
      service: "s3",
      retries: 0, // the archiver tries again, and says so
    });
  }

  async get(name: string): Promise<Uint8Array | undefined> {
    const what = `read ${name} in ${this.name}`;
    const { status, body } = await this.#ask(what, this.#url(name), { method: "GET" });
    if (status === 404 && /NoSuchKey/.test(new TextDecoder().decode(body))) return undefined;
    if (status !== 200) throw refused("ARCHIVE_S3", what, status, body);
    return body;
  }

  async slice(name: string, from: number, to: number): Promise<Uint8Array | undefined> {
    if (to <= from) return await this.get(name) && new Uint8Array();
    const what = `read ${name} in ${this.name}`;
    const { status, body } = await this.#ask(what, this.#url(name), {
      method: "GET",
      headers: { range: `bytes=${from}-${to - 1}` },
    });
    if (status === 404 && /NoSuchKey/.test(new TextDecoder().decode(body))) return undefined;
    if (status === 416) return new Uint8Array(); // it ends before
    if (status === 200) return body.subarray(from, to); // a store that knows no ranges
    if (status !== 206) throw refused("ARCHIVE_S3", what, status, body);
    return body;
  }

  async put(name: string, bytes: Uint8Array): Promise<void> {
    const what = `write ${name} in ${this.name}`;
    const { status, body } = await this.#ask(what, this.#url(name), { method: "PUT", body: bytes });
    if (status !== 200) throw refused("ARCHIVE_S3", what, status, body);
  }

  async create(name: string, bytes: Uint8Array): Promise<boolean> {
    const what = `write ${name} in ${this.name}`;
    const { status, body } = await this.#ask(what, this.#url(name), {
      method: "PUT",
      body: bytes,
      headers: { "if-none-match": "*" },
    });
    if (status === 412) return false;
    if (status === 501) {
      throw new WeirError("ARCHIVE_S3_CONDITION", `${this.name} knows no conditional put`, {
        hint: "Use a store that honours If-None-Match on PUT (AWS S3, MinIO, Ceph since Squid).",
      });
    }
    // 409: another one is writing it at this moment; whether it will be there is known the next time.
    if (status !== 200) throw refused("ARCHIVE_S3", what, status, body);
    return true;
  }

  async *list(folder: string): AsyncIterable<ObjectEntry> {
    for await (const text of this.#pages(folder, {})) {
      for (const [, entry] of text.matchAll(/<Contents>(.*?)<\/Contents>/gs)) {
        const key = /<Key>([^<]*)<\/Key>/.exec(entry)?.[1] ?? "";
        const bytes = Number(/<Size>(\d+)<\/Size>/.exec(entry)?.[1] ?? NaN);
        const name = key.slice(this.#prefix.length);
        if (isObjectName(name)) yield { name, bytes }; // others are not ours
      }
    }
  }

  async *folders(folder: string): AsyncIterable<string> {
    const begin = this.#prefix + folder;
    for await (const text of this.#pages(folder, { delimiter: "/" })) {
      for (const [, entry] of text.matchAll(/<CommonPrefixes>(.*?)<\/CommonPrefixes>/gs)) {
        const prefix = unescaped(/<Prefix>([^<]*)<\/Prefix>/.exec(entry)?.[1] ?? "");
        const name = prefix.slice(begin.length, -1);
        if (isObjectName(name)) yield name; // others are not ours
      }
    }
  }

  /** The answers of a listing, page by page. */
  async *#pages(folder: string, more: Record<string, string>): AsyncIterable<string> {
    const what = `list ${folder} in ${this.name}`;
    for (let token = "";;) {
      const url = new URL(this.#bucket);
      url.searchParams.set("list-type", "2");
      url.searchParams.set("prefix", this.#prefix + folder);
      for (const [name, value] of Object.entries(more)) url.searchParams.set(name, value);
      if (token !== "") url.searchParams.set("continuation-token", token);
      const { status, body } = await this.#ask(what, url.href, { method: "GET" });
      if (status !== 200) throw refused("ARCHIVE_S3", what, status, body);
      const text = new TextDecoder().decode(body);
      yield text;
      token = unescaped(/<NextContinuationToken>([^<]*)</.exec(text)?.[1] ?? "");
      if (token === "") return;
    }
  }

  async delete(name: string): Promise<void> {
    const what = `delete ${name} in ${this.name}`;
    const { status, body } = await this.#ask(what, this.#url(name), { method: "DELETE" });
    if (status !== 204 && status !== 200 && status !== 404) {
      throw refused("ARCHIVE_S3", what, status, body);
    }
  }

  close(): void {}

  #url(name: string): string {
    if (!isObjectName(name)) throw new Error(`Not the name of an object: ${name}`);
    return `${this.#bucket}/${this.#prefix}${name}`.replaceAll("=", "%3D");
  }

  #ask(
    what: string,
    url: string,
    init: { method: string; body?: Uint8Array; headers?: Record<string, string> },
  ) {
    return ask("ARCHIVE_S3", what, (signal) => {
      const { body, ...rest } = init;
      return this.#client.fetch(url, {
        ...rest,
        redirect: "manual", // the address is the settings' alone
        ...(body && { body: body as Uint8Array<ArrayBuffer> }),
        signal,
      });
    });
  }
}

function unescaped(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'").replaceAll("&amp;", "&");
}
