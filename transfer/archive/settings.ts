/** The settings of the archive, and the store that they name. */
import { bytes, choice, duration, group, integer, text } from "../../core/config/fields.ts";
import { WeirError } from "../../core/errors.ts";
import { readSecret } from "../../core/secrets.ts";
import { ARCHIVE_FORMATS } from "../topics/rules.ts";
import { FolderObjects } from "./folder_objects.ts";
import { HdfsObjects } from "./hdfs_objects.ts";
import type { ObjectStore } from "./objects.ts";
import { S3Objects } from "./s3_objects.ts";

export const archiveSettings = group({
  location: text("", {
    description:
      "Where objects go: an absolute folder, s3://BUCKET/PREFIX or webhdfs://NAMENODE:9870/FOLDER. Empty: there is no archive.",
    example: "s3://logs/weir",
  }),
  format: choice(ARCHIVE_FORMATS, "parquet", {
    description:
      "What is written of topics whose rule does not say. none: nothing of them; both: two objects each time.",
  }),
  groupId: text("weir-archive", {
    description:
      "Consumer group of the archive: it goes on while Elasticsearch is away, and the other way round.",
  }),
  segmentBytes: bytes(65_536, 2 ** 30, "16MiB", {
    description: "Bytes of lines after which an object is written.",
  }),
  segmentRecords: integer(100, 10_000_000, 100_000, {
    description: "Lines after which an object is written.",
  }),
  segmentAge: duration(100, 86_400e3, "10m", {
    description:
      "Longest wait of a line for its object; until then it is in Kafka, and its offset is not committed.",
  }),
  bytesMax: bytes(1_048_576, 2 ** 34, "48MiB", {
    description: "Most bytes of lines in memory; beyond it partitions are paused.",
  }),
  endpoint: text("https://s3.amazonaws.com", {
    description: "Of an S3-compatible store; it must honour If-None-Match on PUT.",
    example: "http://minio:9000",
  }),
  region: text("us-east-1", { description: "Of an S3-compatible store." }),
  accessKeyFile: text("", { description: "File that holds the access key of S3." }),
  secretKeyFile: text("", { description: "File that holds the secret key of S3." }),
  user: text("weir", { description: "User of WebHDFS." }),
  retentionDays: integer(0, 36_500, 0, {
    description: "Days that objects are kept; older days are deleted whole. 0: for ever.",
  }),
}, { description: "Objects for years and for batch engines; see docs/archive.md." });

export interface ArchiveLocation {
  location: string;
  endpoint: string;
  region: string;
  accessKeyFile: string;
  secretKeyFile: string;
  user: string;
}

/** Throws CONFIG_INVALID for a location that is none; SECRET_UNREADABLE. Nothing is connected yet. */
export function openObjects(settings: ArchiveLocation): ObjectStore {
  const { location } = settings;
  if (location.startsWith("/")) return new FolderObjects(location.replace(/\/+$/, ""));
  const s3 = /^s3:\/\/([a-z0-9.-]{3,63})(?:\/(.*))?$/.exec(location);
  if (s3 !== null) {
    const prefix = (s3[2] ?? "").replace(/\/+$/, "");
    return new S3Objects({
      endpoint: settings.endpoint,
      region: settings.region,
      bucket: s3[1],
      prefix: prefix === "" ? "" : `${prefix}/`,
      accessKey: readSecret(settings.accessKeyFile),
      secretKey: readSecret(settings.secretKeyFile),
    });
  }
  const hdfs = /^webhdfs(s?):\/\/([^/]+)(\/.*)$/.exec(location);
  if (hdfs !== null) {
    const endpoint = `http${hdfs[1]}://${hdfs[2]}`;
    return new HdfsObjects({ endpoint, folder: hdfs[3].replace(/\/+$/, ""), user: settings.user });
  }
  throw new WeirError("CONFIG_INVALID", `archive.location: "${location}" is no place for objects`, {
    hint: "Give an absolute folder, s3://BUCKET/PREFIX or webhdfs://NAMENODE:9870/FOLDER.",
  });
}
