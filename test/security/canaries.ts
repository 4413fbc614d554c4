/** Settings of a program in which every setting that names a file of a secret names one with a canary of its own. */
import { SPECIFICATIONS } from "../../cli/specifications.ts";
import { jsonSchema } from "../../core/config/reference.ts";
import type { TempDir } from "../support/temp.ts";

export type Settings = { [name: string]: unknown };

/** Certificates and keys have to be ones: they are tried apart. */
const CERTIFICATES = /^(ca|cert|key)File$/;

export class Canaries {
  /** Canary by the path of its setting. */
  readonly all = new Map<string, string>();
  readonly #folder: TempDir;

  constructor(folder: TempDir) {
    this.#folder = folder;
  }

  /** A canary in a file; the file's path. */
  async file(name: string): Promise<string> {
    const path = this.#folder.join(`canary-${name.replaceAll(".", "-")}`);
    await Deno.writeTextFile(path, `${this.value(name)}\n`);
    return path;
  }

  /** A secret that stands in nothing else. */
  value(name: string): string {
    const known = this.all.get(name);
    if (known !== undefined) return known;
    const made = `canary${crypto.randomUUID().replaceAll("-", "")}`;
    this.all.set(name, made);
    return made;
  }

  /** `settings` with a file for each secret that the program's specification has. */
  async settingsOf(program: string, settings: Settings, certificates = false): Promise<Settings> {
    const schema = jsonSchema(SPECIFICATIONS[program].schema, "") as Settings;
    return await this.#fill(program, schema, structuredClone(settings), certificates);
  }

  async #fill(path: string, node: any, into: Settings, certificates: boolean): Promise<Settings> {
    for (const [name, field] of Object.entries<any>(node.properties ?? {})) {
      const at = `${path}.${name}`;
      if (field.properties !== undefined) {
        into[name] = await this.#fill(at, field, (into[name] ?? {}) as Settings, certificates);
      } else if (/File$/.test(name) && name !== "usersFile") {
        if (CERTIFICATES.test(name) === certificates) into[name] = await this.file(at);
      }
    }
    return into;
  }

  /** The settings whose canaries stand in a text, as they are, in base64 or escaped for a URL. */
  foundIn(text: string): string[] {
    const found: string[] = [];
    for (const [name, canary] of this.all) {
      const core = btoa(canary).replace(/=+$/, "").slice(0, -1);
      if (text.includes(canary) || text.includes(core)) found.push(name);
    }
    return found;
  }
}
