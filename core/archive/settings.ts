/** Where an archive is: the settings that say so, for whoever writes or reads it, and the store that they name. */
import { text } from "../config/fields.ts";
import { WeirError } from "../errors.ts";
import { readSecret } from "../secrets.ts";
import { FolderObjects } from "./folder_objects.ts";
import { HdfsObjects } from "./hdfs_objects.ts";
import type { ObjectReader, ObjectStore } from "./objects.ts";
import { S3Objects } from "./s3_objects.ts";

export const placeFields = {
  location: text("", {
    description:
      "Where objects go: an absolute folder, s3://BUCKET/PREFIX or webhdfs://NAMENODE:9870/FOLDER. Empty: there is no archive.",
    example: "s3://logs/weir",
  }),
  endpoint: text("https://s3.amazonaws.com", {
    description: "Of an S3-compatible store; it must honour If-None-Match on PUT.",
    example: "http://minio:9000",
  }),
  region: text("us-east-1", { description: "Of an S3-compatible store." }),
  accessKeyFile: text("", { description: "File that holds the access key of S3." }),
  secretKeyFile: text("", { description: "File that holds the secret key of S3." }),
  user: text("weir", { description: "User of WebHDFS." }),
};

export interface ArchiveLocation {
  location: string;
  endpoint: string;
  region: string;
  accessKeyFile: string;
  secretKeyFile: string;
  user: string;
}

/** Throws CONFIG_INVALID for a location that is none; SECRET_UNREADABLE. Nothing is connected yet. */
export function openObjects(settings: ArchiveLocation): ObjectStore & ObjectReader {
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
