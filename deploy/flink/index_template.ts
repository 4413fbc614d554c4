/** The index template of weir-transfer's defaults as a file, for sites where Flink alone writes the documents. */
import { templateBody } from "../../transfer/index/template.ts";

/** The body of PUT _index_template/weir-weir-x-x, for indices weir-<topic>-<day>. */
export function indexTemplate(): string {
  const body = templateBody({
    pattern: "weir-*-*",
    priority: 150,
    shards: 1,
    replicas: 1,
    refreshInterval: "",
    document: "full",
  });
  return `${JSON.stringify(body, null, 2)}\n`;
}
