/** The promises of DocumentWriter, kept by the writer over a real Elasticsearch. */
import { documentWriterConformance } from "../../core/ports/document_store_conformance.ts";
import type { Document } from "../../core/ports/document_store.ts";
import { createElastic } from "../../transfer/index/client.ts";
import { ElasticWriter } from "../../transfer/index/elastic_writer.ts";
import { TemplateNames } from "../../transfer/index/names.ts";
import { plainShape } from "../../transfer/index/shape_fixture.ts";
import { elasticOptions } from "../support/elastic_options.ts";
import { elasticsearchUrl } from "./servers.ts";
import { elastic } from "./site.ts";

async function open() {
  const prefix = `ww${crypto.randomUUID().slice(0, 8)}`;
  const node = await elasticsearchUrl();
  const make = () => {
    const client = createElastic(elasticOptions(node, 30_000));
    const names = new TemplateNames(`${prefix}-{topic}-{day}`);
    return new ElasticWriter(client, names, (topic) => ({
      shape: plainShape(topic),
      template: {
        pattern: names.pattern(topic),
        priority: 150,
        shards: 1,
        replicas: 0,
        refreshInterval: "",
        document: "full",
      },
    }));
  };
  const writers = [make()];
  return {
    writer: writers[0],
    topic: "conformance",
    async documents(topic: string): Promise<Document[]> {
      const indices = `${prefix}-*`;
      await elastic("POST", `/${indices}/_refresh?ignore_unavailable=true`);
      const found = await elastic("POST", `/${indices}/_search?ignore_unavailable=true`, {
        size: 10_000,
        query: { term: { topic } },
      });
      return found.hits.hits.map(({ _id, _source }: any) => ({ _id, ..._source }));
    },
    // A writer keeps nothing: another one over the same indices is what a sudden end leaves.
    reopen() {
      writers.push(make());
      return Promise.resolve(writers[1]);
    },
    async close() {
      for (const writer of writers) await writer.close();
      await elastic("DELETE", `/${prefix}-*?ignore_unavailable=true`);
      await elastic("DELETE", `/_index_template/weir-${prefix}-x-x`);
    },
  };
}

documentWriterConformance("over Elasticsearch", open);
