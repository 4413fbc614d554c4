/**
 * Elasticsearch with its own security module: users, roles and API keys, and refusals by the server itself. The module
 * is on Maven Central, under the Elastic License 2.0, and is used by these tests alone. What it needs for SAML and for
 * the templates of other modules is not there: modules of the same names stand for it, empty but for the few types that
 * the server looks at when it starts.
 */
import { Buffer } from "node:buffer";
import { removeAll } from "../temp.ts";
import { run } from "../process.ts";
import {
  compilePlugin,
  installElasticsearch,
  startElasticsearch,
  unpackDescription,
  VERSION,
} from "./elasticsearch.ts";
import { cached, jdkHome, mavenJars, type Say, sayOnStderr } from "./install.ts";
import type { Server } from "./instance.ts";

/** What is not on Maven Central, and what only SAML uses. */
const LEFT_OUT = [
  "org.opensaml:*",
  "net.shibboleth.utilities:*",
  "org.elasticsearch.plugin:es-opensaml-security-api",
  "org.elasticsearch.plugin:x-pack-template-resources",
  "org.apache.santuario:*",
  "org.cryptacular:*",
  "com.sun.mail:*",
  "net.jcip:*",
  "com.github.stephenc.jcip:*",
];

/** Modules by the plugin that wants them, with the types that must be there. */
const EMPTY: Record<string, Record<string, string[]>> = {
  "x-pack-core": { "org.elasticsearch.xcore.templates": [] },
  "x-pack-security": {
    "net.shibboleth.utilities.java.support": [],
    "org.opensaml.core": ["org.opensaml.core.xml.XMLObject"],
    "org.opensaml.saml": [
      "StatusResponseType",
      "RequestAbstractType",
      "LogoutResponse",
      "LogoutRequest",
      "AuthnRequest",
    ].map((name) => `org.opensaml.saml.saml2.core.${name}`),
    "org.opensaml.saml.impl": [],
    "org.opensaml.security": [],
    "org.opensaml.security.impl": [],
    "org.opensaml.xmlsec": [],
    "org.opensaml.xmlsec.impl": [],
  },
};

/** Installs it where it is not yet; returns its home. */
async function install(say: Say): Promise<string> {
  const plain = await installElasticsearch(say), jdk = await jdkHome(say);
  return await cached(`elasticsearch-secured-${VERSION}-1`, say, async (home) => {
    for (const part of ["classes", "lib", "modules", "plugins"]) {
      await run("cp", ["-a", `${plain}/${part}`, home]);
    }
    const before = [`${home}/lib`];
    for (const [plugin, empty] of Object.entries(EMPTY)) {
      const folder = `${home}/modules/${plugin}`;
      await Deno.mkdir(folder);
      await mavenJars(folder, [`org.elasticsearch.plugin:${plugin}:${VERSION}`], say, LEFT_OUT);
      await takeJars(folder, before);
      await unpackDescription(folder, plugin, jdk);
      for (const [name, types] of Object.entries(empty)) {
        await emptyModule(folder, name, types, jdk);
      }
      before.push(folder);
    }
    await compilePlugin(home, jdk, "AccountAnalysis", "weir-accounts", "analysis of accounts");
    await run("chmod", ["-R", "a+rX", home]);
  });
}

/** Out of the folder's lib, but for those that a folder before it has, in whatever version. */
async function takeJars(folder: string, before: readonly string[]): Promise<void> {
  const artifactOf = (jar: string) => jar.replace(/-\d[^-]*\.jar$/, "");
  const known = new Set<string>();
  for (const other of before) {
    for await (const { name } of Deno.readDir(other)) known.add(artifactOf(name));
  }
  for await (const { name } of Deno.readDir(`${folder}/lib`)) {
    if (!known.has(artifactOf(name))) {
      await Deno.rename(`${folder}/lib/${name}`, `${folder}/${name}`);
    }
  }
  await removeAll(`${folder}/lib`);
  await Deno.remove(`${folder}/pom.xml`);
}

/** A jar with a module of this name that has these interfaces and nothing else. */
async function emptyModule(folder: string, name: string, types: string[], jdk: string) {
  const work = `${folder}/empty`, packageOf = (type: string) => type.replace(/\.[^.]*$/, "");
  const packages = [...new Set(types.map(packageOf))];
  const sources: Record<string, string> = {
    "module-info": `module ${name} { ${packages.map((one) => `exports ${one};`).join(" ")} }`,
  };
  for (const type of types) {
    const simple = type.slice(packageOf(type).length + 1);
    sources[simple] = `package ${packageOf(type)}; public interface ${simple} {}`;
  }
  await Deno.mkdir(work);
  const files = Object.keys(sources).map((source) => `${work}/${source}.java`);
  for (const [source, text] of Object.entries(sources)) {
    await Deno.writeTextFile(`${work}/${source}.java`, text);
  }
  await run(`${jdk}/bin/javac`, ["-d", `${work}/classes`, ...files]);
  await run(`${jdk}/bin/jar`, ["cf", `${folder}/${name}.jar`, "-C", `${work}/classes`, "."]);
  await removeAll(work);
}

/** A server of its own that wants a login, asked by one who may do all. */
export class SecuredElasticsearch implements AsyncDisposable {
  readonly #server: Server;
  readonly #authorization: string;

  constructor(server: Server, authorization: string) {
    this.#server = server;
    this.#authorization = authorization;
  }

  get url(): string {
    return this.#server.address;
  }

  /** Rejects where it is no success. @param authorization of another than the one who may do all */
  async ask(method: string, path: string, body?: unknown): Promise<any> {
    const { status, answer } = await this.try(this.#authorization, method, path, body);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(answer)}`);
    return answer;
  }

  /** Asks with this header. @param body a text is sent as it is */
  async try(authorization: string, method: string, path: string, body?: unknown) {
    const answer = await fetch(`${this.url}${path}`, {
      method,
      headers: { authorization, "content-type": "application/json" },
      body: body === undefined || typeof body === "string" ? body : JSON.stringify(body),
    });
    const text = await answer.text();
    return { status: answer.status, answer: text.startsWith("{") ? JSON.parse(text) : text };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.remove();
  }
}

/** Starts one with a user who may do all. */
export async function startSecuredElasticsearch(): Promise<SecuredElasticsearch> {
  const password = crypto.randomUUID();
  const authorization = `Basic ${btoa(`admin:${password}`)}`;
  const server = await startElasticsearch({
    home: await install(sayOnStderr),
    authorization,
    settings: {
      "xpack.security.enabled": true,
      "xpack.security.enrollment.enabled": false,
      "xpack.license.self_generated.type": "basic",
    },
    files: { users: `admin:${await hashOf(password)}\n`, users_roles: "superuser:admin\n" },
  });
  return new SecuredElasticsearch(server, authorization);
}

/** A password as the server's file of users holds it. */
async function hashOf(password: string): Promise<string> {
  const iterations = 1000, salt = crypto.getRandomValues(new Uint8Array(32));
  const bytes = new TextEncoder().encode(password);
  const key = await crypto.subtle.importKey("raw", bytes, "PBKDF2", false, ["deriveBits"]);
  const how = { name: "PBKDF2", hash: "SHA-512", salt, iterations };
  const hash = new Uint8Array(await crypto.subtle.deriveBits(how, key, 256));
  return `{PBKDF2}${iterations}$${Buffer.from(salt).toString("base64")}$${
    Buffer.from(hash).toString("base64")
  }`;
}
