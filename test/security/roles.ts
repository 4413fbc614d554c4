/** The rights that docs/security.md tells an installation to give, as the tests give them: that page is the one source. */
import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  ResourcePatternTypes,
} from "kafkajs";
import { blocksOf } from "../docs/commands.ts";

const PAGE = "docs/security.md";

/** The one block of this language on the page. */
function blockOf(language: string): string {
  const blocks = blocksOf(PAGE, language);
  if (blocks.length !== 1) throw new Error(`${PAGE} has ${blocks.length} blocks of ${language}`);
  return blocks[0];
}

export interface Acl {
  resourceType: AclResourceTypes;
  resourceName: string;
  resourcePatternType: ResourcePatternTypes;
  principal: string;
  host: string;
  operation: AclOperationTypes;
  permissionType: AclPermissionTypes;
}

const OPERATIONS: Readonly<Record<string, AclOperationTypes>> = {
  Read: AclOperationTypes.READ,
  Write: AclOperationTypes.WRITE,
  Describe: AclOperationTypes.DESCRIBE,
  Create: AclOperationTypes.CREATE,
};

/** The page's calls of kafka-acls.sh, as that tool understands them. Throws for an option that is not known here. */
export function kafkaAcls(): Acl[] {
  return blockOf("acls").trim().split("\n").flatMap(aclsOf);
}

function aclsOf(command: string): Acl[] {
  const [tool, ...words] = command.split(" ");
  if (tool !== "kafka-acls.sh") throw new Error(`"${command}" is no call of kafka-acls.sh`);
  const given: Record<string, string[]> = {};
  while (words.length > 0) {
    const option = words.shift()!;
    const value = option === "--add" ? "" : words.shift()!;
    (given[option] ??= []).push(value);
  }
  const {
    "--bootstrap-server": _server,
    "--add": add,
    "--allow-principal": principals,
    "--operation": operations,
    "--topic": topics = [],
    "--group": groups = [],
    "--resource-pattern-type": [pattern] = ["literal"],
    ...unknown
  } = given;
  if (Object.keys(unknown).length > 0 || add === undefined) throw new Error(`Unknown: ${command}`);
  const resources = [
    ...topics.map((name) => [AclResourceTypes.TOPIC, name] as const),
    ...groups.map((name) => [AclResourceTypes.GROUP, name] as const),
  ];
  return principals.flatMap((principal) =>
    resources.flatMap(([resourceType, resourceName]) =>
      operations.map((name) => {
        const operation = OPERATIONS[name];
        if (operation === undefined) throw new Error(`Unknown operation: ${name}`);
        return {
          ...{ resourceType, resourceName, principal, operation, host: "*" },
          resourcePatternType: pattern === "prefixed"
            ? ResourcePatternTypes.PREFIXED
            : ResourcePatternTypes.LITERAL,
          permissionType: AclPermissionTypes.ALLOW,
        };
      })
    )
  );
}

export interface ElasticRole {
  cluster: string[];
  indices: { names: string[]; privileges: string[] }[];
}

export function elasticRoles(): Record<string, ElasticRole> {
  return JSON.parse(blockOf("json"));
}

/** The body that makes the monitor's token. */
export function influxAuthorization(org: string, bucket: string): string {
  return blockOf("influx").replaceAll('"ORG"', `"${org}"`).replaceAll('"BUCKET"', `"${bucket}"`);
}
