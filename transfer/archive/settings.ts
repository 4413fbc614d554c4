/** The settings of the archive that transfer writes. */
import { placeFields } from "../../core/archive/settings.ts";
import { bytes, choice, duration, group, integer, text } from "../../core/config/fields.ts";
import { ARCHIVE_FORMATS } from "../topics/rules.ts";

const { location, ...placeOfStore } = placeFields;

export const archiveSettings = group({
  location,
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
  ...placeOfStore,
  sealAfter: duration(0, 30 * 86_400e3, "1h", {
    description:
      "How long after its end (UTC) a day gets its manifest: lines that come later make a further one.",
  }),
  compactBytes: bytes(65_536, 2 ** 30, "8MiB", {
    description:
      "Objects of a day that has ended become one up to so many bytes, those of a quarter of that at most.",
  }),
  upkeepInterval: duration(100, 86_400e3, "1h", {
    description:
      "Between two looks for days to seal and to delete: a listing of all objects costs money in some stores.",
  }),
  retentionDays: integer(0, 36_500, 0, {
    description: "Days that objects are kept; older days are deleted whole. 0: for ever.",
  }),
}, { description: "Objects for years and for batch engines; see docs/archive.md." });
