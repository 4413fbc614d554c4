/** Memory and swap in Telegraf's fields. */
import type { Point } from "../../core/ports/metric_sink.ts";
import type { MemoryValue } from "../read/host_sample.ts";

type Fields = Record<string, Point["fields"][string]>;

/** Telegraf's field → the row of meminfo. A row that the kernel lacks is 0 there, and so here. */
const ROWS: Record<string, string> = {
  active: "Active",
  buffered: "Buffers",
  commit_limit: "CommitLimit",
  committed_as: "Committed_AS",
  dirty: "Dirty",
  free: "MemFree",
  high_free: "HighFree",
  high_total: "HighTotal",
  huge_page_size: "Hugepagesize",
  huge_pages_free: "HugePages_Free",
  huge_pages_total: "HugePages_Total",
  inactive: "Inactive",
  low_free: "LowFree",
  low_total: "LowTotal",
  mapped: "Mapped",
  page_tables: "PageTables",
  shared: "Shmem",
  slab: "Slab",
  sreclaimable: "SReclaimable",
  sunreclaim: "SUnreclaim",
  swap_cached: "SwapCached",
  swap_free: "SwapFree",
  swap_total: "SwapTotal",
  total: "MemTotal",
  vmalloc_chunk: "VmallocChunk",
  vmalloc_total: "VmallocTotal",
  vmalloc_used: "VmallocUsed",
  write_back: "Writeback",
  write_back_tmp: "WritebackTmp",
};

/**
 * The measurement `mem`. Used is what is not available; the cache counts what can be reclaimed of
 * the slabs.
 */
export function memoryFields(rows: readonly MemoryValue[]): Fields {
  const values = new Map(rows.map((row) => [row.key, row.value]));
  const of = (key: string) => values.get(key) ?? 0;
  const fields: Fields = {};
  for (const [field, key] of Object.entries(ROWS)) fields[field] = { int: of(key) };
  const total = of("MemTotal"), cached = of("Cached") + of("SReclaimable");
  // Kernels before 3.14 do not say what is available.
  const available = values.get("MemAvailable") ?? cached + of("MemFree");
  const used = total - available;
  fields.cached = { int: cached };
  fields.available = { int: available };
  fields.used = { int: used };
  fields.used_percent = { float: 100 * used / total };
  fields.available_percent = { float: 100 * available / total };
  return fields;
}

const PAGE_BYTES = 4096;

/** The measurement `swap`: sizes, and bytes moved since boot. */
export function swapFields(
  rows: readonly MemoryValue[],
  vmstat: ReadonlyMap<string, number> | undefined,
): { sizes: Fields; counters: Fields | undefined } {
  const of = (key: string) => rows.find((row) => row.key === key)?.value ?? 0;
  const total = of("SwapTotal"), free = of("SwapFree"), used = total - free;
  const sizes: Fields = {
    total: { int: total },
    free: { int: free },
    used: { int: used },
    used_percent: { float: total > 0 ? 100 * used / total : 0 },
  };
  const pagesIn = vmstat?.get("pswpin"), pagesOut = vmstat?.get("pswpout");
  if (pagesIn === undefined || pagesOut === undefined) return { sizes, counters: undefined };
  return {
    sizes,
    counters: { in: { int: pagesIn * PAGE_BYTES }, out: { int: pagesOut * PAGE_BYTES } },
  };
}
