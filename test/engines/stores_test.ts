/** The archive's stores over real servers: MinIO for S3, a namenode and a datanode for HDFS. */
import { HdfsObjects } from "../../core/archive/hdfs_objects.ts";
import { objectsConformance } from "../../core/archive/objects_conformance.ts";
import { S3Objects } from "../../core/archive/s3_objects.ts";
import { startHdfs } from "../support/real/hdfs.ts";
import { startMinio } from "../support/real/minio.ts";
import { uniqueName } from "../support/temp.ts";

const minio = await startMinio(), hdfs = await startHdfs();

objectsConformance("S3", () =>
  Promise.resolve({
    store: new S3Objects({ ...minio.access, prefix: `${uniqueName("archive")}/` }),
    remove: () => Promise.resolve(), // it goes with the server
  }));

objectsConformance("HDFS", () =>
  Promise.resolve({
    store: new HdfsObjects({
      endpoint: hdfs.endpoint,
      folder: `/${uniqueName("archive")}`,
      user: "weir",
    }),
    remove: () => Promise.resolve(),
  }));

Deno.test("the servers end", async () => {
  await minio.server.remove();
  await hdfs.remove();
});
