/** The pure modules whose tests are put to the proof: sources, and the unit tests beside them. */

export interface Module {
  name: string;
  sources: readonly string[];
  tests: readonly string[];
}

export const MODULES: readonly Module[] = [
  {
    name: "splitter",
    sources: ["agent/tail/splitter.ts"],
    tests: ["agent/tail/splitter_test.ts"],
  },
  {
    name: "checkpoint",
    sources: ["agent/checkpoint/state.ts", "agent/checkpoint/checkpoint_store.ts"],
    tests: ["agent/checkpoint/checkpoint_store_test.ts"],
  },
  {
    name: "offsets",
    sources: ["transfer/consume/offset_tracker.ts"],
    tests: ["transfer/consume/offset_tracker_test.ts"],
  },
  {
    name: "records",
    sources: ["transfer/consume/record_batch.ts", "transfer/consume/decode.ts"],
    tests: [
      "transfer/consume/record_batch_test.ts",
      "transfer/consume/record_batch_damaged_test.ts",
      "transfer/consume/decode_test.ts",
      "transfer/consume/decode_repeated_test.ts",
    ],
  },
  {
    name: "times",
    sources: ["core/reading/time.ts", "core/reading/zone.ts", "transfer/topics/time_format.ts"],
    tests: [
      "core/reading/time_test.ts",
      "core/reading/zone_test.ts",
      "transfer/topics/time_format_test.ts",
      "core/reading/line_reader_test.ts",
    ],
  },
  {
    name: "queries",
    sources: ["search/query/parse.ts", "search/query/scanner.ts", "search/query/print.ts"],
    tests: [
      "search/query/scanner_test.ts",
      "search/query/parse_test.ts",
      "search/query/print_test.ts",
    ],
  },
  {
    name: "ledger",
    sources: [
      "core/ledger/seal.ts",
      "core/ledger/drop_seal.ts",
      "core/ledger/expiry_seal.ts",
      "cli/audit/compare.ts",
    ],
    tests: [
      "core/ledger/seal_test.ts",
      "core/ledger/drop_seal_test.ts",
      "core/ledger/expiry_seal_test.ts",
      "cli/audit/compare_test.ts",
    ],
  },
  {
    name: "names",
    sources: [
      "core/kafka/partition.ts",
      "transfer/index/names.ts",
      "transfer/index/fixed_names.ts",
    ],
    tests: [
      "core/kafka/partition_test.ts",
      "transfer/index/names_test.ts",
      "transfer/index/fixed_names_test.ts",
    ],
  },
  {
    name: "bulk",
    sources: ["transfer/index/bulk_answer.ts"],
    tests: ["transfer/index/bulk_answer_test.ts"],
  },
  {
    name: "recognition",
    sources: [
      "agent/tail/fingerprint.ts",
      "agent/tail/trail.ts",
      "agent/tail/recognition.ts",
      "agent/tail/vanished.ts",
    ],
    tests: [
      "agent/tail/fingerprint_test.ts",
      "agent/tail/same_content_test.ts",
      "agent/tail/trail_test.ts",
      "agent/tail/vanished_test.ts",
      "agent/tail/tail_scenarios_test.ts",
      "agent/tail/tail_set_test.ts",
      "agent/tail/tail_packed_test.ts",
    ],
  },
  {
    name: "writing",
    sources: ["core/record/identity.ts", "core/kafka/record_batch.ts"],
    tests: [
      "core/record/identity_test.ts",
      "core/kafka/record_batch_header_test.ts",
      "core/kafka/record_batch_test.ts",
      "transfer/consume/decode_test.ts",
      "transfer/consume/written_batches_test.ts",
    ],
  },
  {
    name: "reading",
    sources: [
      "core/reading/line_reader.ts",
      "core/reading/level.ts",
      "core/reading/json_line.ts",
      "core/reading/continuation.ts",
      "core/reading/fields.ts",
    ],
    tests: [
      "core/reading/line_reader_test.ts",
      "core/reading/line_shapes_test.ts",
      "core/reading/level_test.ts",
      "core/reading/continuation_test.ts",
      "core/reading/fields_test.ts",
    ],
  },
  {
    name: "shaping",
    sources: ["agent/lines/shaper.ts", "agent/lines/container.ts", "agent/lines/raw_lines.ts"],
    tests: [
      "agent/lines/container_test.ts",
      "agent/lines/raw_lines_test.ts",
      "agent/lines/shaper_test.ts",
    ],
  },
  {
    name: "rules",
    sources: ["transfer/topics/rules.ts", "transfer/topics/quota.ts", "transfer/topics/drop.ts"],
    tests: [
      "transfer/topics/rules_test.ts",
      "transfer/topics/drop_test.ts",
      "transfer/topics/quota_test.ts",
    ],
  },
  {
    name: "codecs",
    sources: ["transfer/consume/codecs/lz4.ts", "transfer/consume/codecs/snappy.ts"],
    tests: ["transfer/consume/codecs/unpack_test.ts", "transfer/consume/codecs/bounds_test.ts"],
  },
  {
    name: "matching",
    sources: ["search/query/match.ts", "search/query/terms.ts", "search/query/fields.ts"],
    tests: [
      "search/query/match_test.ts",
      "search/query/match_fields_test.ts",
      "search/query/scanner_test.ts",
      "search/query/parse_test.ts",
      "search/query/lucene_test.ts",
    ],
  },
];
