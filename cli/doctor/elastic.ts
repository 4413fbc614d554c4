/**
 * Elasticsearch for `weir doctor`: version, template, blocks, disk, clock, and one document written and deleted in an
 * index of its own, which is removed again.
 */
import type { Client } from "@elastic/elasticsearch";
import { messageOf } from "../../core/errors.ts";
import { safeText } from "../../core/log.ts";
import { createElastic, JSON_HEADERS } from "../../core/elastic/client.ts";
import type { TransferSettings } from "../../transfer/config.ts";
import { type Check, cross, type Finding, ok, warning } from "./check.ts";
import { skewFinding } from "./skew.ts";

const LINK = "elasticsearch";
const REACH = "Check that Elasticsearch runs and elasticsearch.nodes is right.";
const LOGIN = "Check the user, password or API key of elasticsearch in the settings.";
const LIST =
  "Give this user the right monitor, or look by hand: GET _cluster/health, _cat/allocation, _cluster/settings.";
const HEADERS = { headers: JSON_HEADERS };

/** @param write also write and delete one document */
export function elasticChecks(
  settings: TransferSettings["elasticsearch"],
  template: boolean,
  write: boolean,
): Check[] {
  const nodes = settings.nodes.join(", "), index = `weir-doctor-${crypto.randomUUID()}`;
  const check = (name: string, remedy: string, ask: (client: Client) => Promise<Finding[]>) => ({
    link: LINK as "elasticsearch",
    name,
    remedy: REACH,
    async run() {
      const client = createElastic(settings);
      try {
        return await ask(client);
      } catch (error) {
        // Without a status nothing answered: that is no matter of rights.
        if ((error as { statusCode?: number }).statusCode === undefined) throw error;
        return [cross(LINK, `${name}: ${safeText(messageOf(error))}`, remedy)];
      } finally {
        await client.close();
      }
    },
  });
  return [
    check(nodes, LOGIN, (client) => versionFindings(client, nodes)),
    check("disk and blocks", LIST, blockFindings),
    ...(template ? [check("index template", LIST, templateFindings)] : []),
    ...(write
      ? [
        check(
          `a write to ${index}`,
          "Give this user the rights create_index and write.",
          (client) => writeFindings(client, index),
        ),
      ]
      : []),
  ];
}

async function versionFindings(client: Client, nodes: string): Promise<Finding[]> {
  const before = Date.now();
  const { body, headers } = await client.info({}, { ...HEADERS, meta: true });
  const found = [versionFinding(body.version?.number ?? "", nodes)];
  const skew = skewFinding(LINK, headers?.date as string | undefined, before, Date.now());
  return skew === undefined ? found : [...found, skew];
}

/** Weir speaks with 8 and 9. */
export function versionFinding(version: string, nodes: string): Finding {
  return /^[89]\./.test(version)
    ? ok(LINK, `${nodes}: version ${version}`)
    : cross(LINK, `${nodes}: version ${version || "unknown"}`, "Use Elasticsearch 8 or 9.");
}

async function blockFindings(client: Client): Promise<Finding[]> {
  const { status } = await client.cluster.health({}, HEADERS);
  const found = [
    status === "red"
      ? cross(
        LINK,
        "the cluster is red: primary shards are missing",
        "Ask GET _cluster/allocation/explain why, and start the nodes that are away.",
      )
      : ok(LINK, `the cluster is ${status}`),
  ];
  const blocked = await client.indices.getSettings({
    index: "*",
    name: "index.blocks.read_only_allow_delete",
    flat_settings: true,
    expand_wildcards: ["open", "hidden"],
  }, HEADERS);
  const names = Object.entries(blocked).filter(([, { settings }]) =>
    settings !== undefined && Object.values(settings).some((value) => String(value) === "true")
  ).map(([name]) => name);
  found.push(blockFinding(names));
  const rows = await client.cat.allocation(
    { format: "json", h: ["node", "disk.percent"] },
    HEADERS,
  );
  for (const row of rows) {
    const percent = Number(row["disk.percent"]);
    if (row["disk.percent"] != null) found.push(diskFinding(String(row.node), percent));
  }
  return found;
}

export function blockFinding(names: readonly string[]): Finding {
  if (names.length === 0) return ok(LINK, "no index is blocked for writing");
  const shown = `${names.slice(0, 3).join(", ")}${names.length > 3 ? ", …" : ""}`;
  return cross(
    LINK,
    `${names.length} indices take no writes, the disk was full: ${shown}`,
    "Make room or lower index.retentionDays; the block goes by itself below the watermark.",
  );
}

/** By the watermarks that Elasticsearch has by itself; large disks have larger ones. */
export function diskFinding(node: string, percent: number): Finding {
  const what = `disk of node ${node}: ${percent} % full`;
  const remedy = "Make room: from 90 % on shards move away, from 95 % on indices take no writes.";
  return percent >= 95
    ? warning(LINK, `${what}, at the flood stage unless it was set higher`, remedy)
    : percent >= 85
    ? warning(LINK, what, remedy)
    : ok(LINK, what);
}

async function templateFindings(client: Client): Promise<Finding[]> {
  const { index_templates: found } = await client.indices.getIndexTemplate(
    { name: "weir*" },
    HEADERS,
  )
    .catch((error) => {
      if (error?.statusCode === 404) return { index_templates: [] };
      throw error;
    });
  if (found.length === 0) {
    return [
      warning(
        LINK,
        "no index template weir*",
        "weir-transfer installs it before its first document.",
      ),
    ];
  }
  return [ok(LINK, `index template ${found.map(({ name }) => name).slice(0, 3).join(", ")}`)];
}

async function writeFindings(client: Client, index: string): Promise<Finding[]> {
  const id = "1";
  const found: Finding[] = [];
  try {
    await client.index({ index, id, document: { message: "weir doctor" } }, HEADERS);
    await client.delete({ index, id }, HEADERS);
    found.push(ok(LINK, `one document written to ${index} and deleted`));
  } finally {
    await client.indices.delete({ index, ignore_unavailable: true }, HEADERS).catch((error) => {
      const remedy = "Delete it by hand, or give this user the right delete_index.";
      found.push(warning(LINK, `index ${index} stays: ${messageOf(error)}`, remedy));
    });
  }
  return found;
}
