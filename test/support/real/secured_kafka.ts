/**
 * A Kafka broker of a test's own that wants a login: PLAIN and SCRAM, with and without TLS, one listener whose
 * certificate is out of date, and rights by topic and group. Its plain listener lets everything pass, for the test.
 */
import { type Admin, Kafka, logLevel } from "kafkajs";
import type { Authority } from "../../agent/certificates.ts";
import type { Server } from "./instance.ts";
import { kafkaTools, startKafka } from "./kafka.ts";
import { freePort } from "../temp.ts";

export const USER = "alice";
export const PASSWORD = "correct horse";

export interface SecuredKafka extends AsyncDisposable {
  /** "HOST:PORT" without a login. */
  plain: string;
  /** Without TLS, with TLS, and with a certificate out of date (TLS, no login). */
  login: string;
  secure: string;
  late: string;
  admin: Admin;
}

function jaas(module: string, options: string): string {
  return `org.apache.kafka.common.security.${module}LoginModule required ${options};`;
}

/** @param users further ones, with the same password, by PLAIN; where there are any, nobody gets in by SCRAM */
export async function startSecuredKafka(
  authority: Authority,
  users: readonly string[] = [],
): Promise<SecuredKafka> {
  const ports = { login: freePort(), secure: freePort(), late: freePort() };
  const server = await startServer(authority, ports, [USER, ...users]);
  const admin = new Kafka({ brokers: [server.address], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  // One at a time: a user is not altered twice in one request.
  for (const hash of users.length > 0 ? [] : ["SHA-256", "SHA-512"]) {
    const user = ["--entity-type", "users", "--entity-name", USER];
    const change = ["--alter", ...user, "--add-config", `SCRAM-${hash}=[password=${PASSWORD}]`];
    const args = ["--bootstrap-server", server.address, ...change];
    await kafkaTools("kafka.admin.ConfigCommand", args);
  }
  return {
    plain: server.address,
    login: `127.0.0.1:${ports.login}`,
    secure: `127.0.0.1:${ports.secure}`,
    late: `127.0.0.1:${ports.late}`,
    admin,
    async [Symbol.asyncDispose]() {
      await admin.disconnect();
      await server[Symbol.asyncDispose]();
    },
  };
}

async function startServer(
  authority: Authority,
  ports: { login: number; secure: number; late: number },
  users: readonly string[],
): Promise<Server> {
  const year = new Date().getUTCFullYear();
  const valid = await authority.issue("broker", `${year - 1}0101000000Z`, `${year + 1}0101000000Z`);
  const late = await authority.issue("late", "20200101000000Z", "20200201000000Z");
  const store = (name: string, pem: string) => ({
    [`listener.name.${name}.ssl.keystore.type`]: "PEM",
    [`listener.name.${name}.ssl.keystore.location`]: pem,
  });
  const login = (name: string) => ({
    [`listener.name.${name}.plain.sasl.jaas.config`]: jaas(
      "plain.Plain",
      users.map((user) => `user_${user}="${PASSWORD}"`).join(" "),
    ),
    [`listener.name.${name}.scram-sha-256.sasl.jaas.config`]: jaas("scram.Scram", ""),
    [`listener.name.${name}.scram-sha-512.sasl.jaas.config`]: jaas("scram.Scram", ""),
  });
  return await startKafka({
    listeners: [
      { name: "LOGIN", port: ports.login, protocol: "SASL_PLAINTEXT" },
      { name: "SECURE", port: ports.secure, protocol: "SASL_SSL" },
      { name: "LATE", port: ports.late, protocol: "SSL" },
    ],
    properties: {
      "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
      ...login("login"),
      ...login("secure"),
      ...store("secure", valid),
      ...store("late", late),
      "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
      "super.users": "User:ANONYMOUS",
    },
  });
}
