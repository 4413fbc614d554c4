/** The settings by which a page reads an archive, and the bounds of its searches there. */
import type { z } from "zod";
import { openObjects, placeFields } from "../../core/archive/settings.ts";
import { bytes, duration, group, integer, settings } from "../../core/config/fields.ts";
import type { DocumentReader } from "../../core/ports/document_store.ts";
import { ArchiveSearch } from "./archive.ts";

export const archiveReadSettings = group({
  ...placeFields,
  days: integer(4, 36_500, 31, {
    description: "Most days of objects that one search looks at; it says where to go on.",
  }),
  bytes: bytes(1_048_576, 2 ** 40, "1GiB", {
    description: "Most bytes that one search fetches; an object's part more.",
  }),
  timeout: duration(1000, 3600e3, "2m", { description: "Longest time of one search." }),
  lateDays: integer(0, 36_500, 1, {
    description:
      "Days behind its time in which a line is looked for: objects lie under the day on which a line was read.",
  }),
  searches: integer(1, 100, 2, { description: "Searches of the archive at once." }),
}, {
  description: "The archive that weir-transfer writes, searched on demand; reading it is enough.",
});

export type ArchiveReadSettings = z.output<typeof archiveReadSettings>;

/** A file that holds these settings alone, under `archive`. */
export const archiveFileSettings = settings({ archive: archiveReadSettings });

/**
 * The archive beside an index; undefined where the settings name none. Throws CONFIG_INVALID for a location that is
 * none, SECRET_UNREADABLE. Nothing is connected yet.
 */
export function openArchive(
  settings: ArchiveReadSettings,
  reader: DocumentReader,
): ArchiveSearch | undefined {
  if (settings.location === "") return undefined;
  return new ArchiveSearch(openObjects(settings), reader, settings);
}
