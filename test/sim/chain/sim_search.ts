/** What the audit asks of the simulated index: totals by generation and topic, ranges in order, first lines. */

// deno-lint-ignore-file no-explicit-any
type Source = Record<string, any>;

const GENERATION = "log.file.generation", OFFSET = "log.offset", LENGTH = "log.length";

/** Answers a search over all documents, as far as the audit's queries go; throws for any other. */
export function searchAnswer(all: Iterable<Source>, body: any): unknown {
  const fits = filterOf(body.query);
  const found = [...all].filter(fits);
  if (body.aggs !== undefined) return { aggregations: { files: filesOf(found, body.aggs.files) } };
  found.sort((a, b) => a[OFFSET] - b[OFFSET]);
  const hits = found.slice(0, body.size).map((source) => ({
    _source: body._source === false ? undefined : source,
    fields: {
      [OFFSET]: [source[OFFSET]],
      [LENGTH]: [source[LENGTH]],
      "event.created": [Date.parse(source["event.created"])],
    },
    sort: [source[OFFSET]],
  }));
  return { hits: { hits } };
}

function filterOf(query: any): (source: Source) => boolean {
  const tests = (query?.bool?.filter ?? []).map((one: any) => {
    if (one.bool !== undefined) return filterOf(one);
    if (one.exists !== undefined) return (source: Source) => source[one.exists.field] !== undefined;
    if (one.term !== undefined) {
      const [[field, value]] = Object.entries(one.term);
      return (source: Source) => source[field] === value;
    }
    if (one.range !== undefined) return (source: Source) => source[OFFSET] < one.range[OFFSET].lt;
    throw new Error(`not simulated: ${JSON.stringify(one)}`);
  });
  return (source) => tests.every((test: (source: Source) => boolean) => test(source));
}

function filesOf(found: readonly Source[], { composite }: any): unknown {
  if (composite.after !== undefined) return { buckets: [] };
  const byFile = Map.groupBy(found, (one) => `${one[GENERATION]}\n${one.topic}`);
  const buckets = [...byFile.values()].map((all) => {
    const last = all.reduce((a, b) => b[OFFSET] > a[OFFSET] ? b : a);
    const fields = { [OFFSET]: [last[OFFSET]], [LENGTH]: [last[LENGTH]] };
    return {
      key: { generation: all[0][GENERATION], topic: all[0].topic },
      doc_count: all.length,
      bytes: { value: all.reduce((sum, one) => sum + one[LENGTH], 0) },
      start: { value: Math.min(...all.map((one) => one[OFFSET])) },
      last: { hits: { hits: [{ fields }] } },
    };
  });
  return { buckets, after_key: { generation: "~", topic: "~" } };
}
