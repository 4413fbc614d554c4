/** `weir page` as a process with a users file: the operator `boss` with a password, and tokens as a test wants them. */
import { stringify } from "yaml";
import { passwordHash } from "../../search/access/users.ts";
import type { Program } from "../support/process.ts";
import type { Site } from "./site.ts";

export const PASSWORD = "a password of boss";

/** @param tokens as in a users file; `kafka` is added to the page's settings of Kafka */
export async function startOperatorPage(
  site: Site,
  tokens: readonly { name: string; role?: string; token: string }[],
  kafka: Record<string, string>,
): Promise<Program> {
  const users = site.folder.join("users.yaml"), config = site.folder.join("page.yaml");
  const boss = { name: "boss", role: "operator", password: await passwordHash(PASSWORD) };
  await Deno.writeTextFile(users, stringify({ users: [boss], tokens }));
  await Deno.writeTextFile(
    config,
    stringify({
      elasticsearch: { nodes: ["http://127.0.0.1:9"] }, // nothing is there: the fleet is shown without it
      listen: "127.0.0.1:0",
      usersFile: users,
      etcd: { hosts: [site.etcd], timeout: "2s" },
      kafka: { brokers: [site.kafka], detailTopic: site.detailTopic, ...kafka },
    }),
  );
  return site.weirProgram("page", "--config", config);
}
