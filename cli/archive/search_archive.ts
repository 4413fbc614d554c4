/** `--archive PLACE` of the commands that show a page: where the archive is, or a file with its settings. */
import { resolve } from "node:path";
import { loadSettings } from "../../core/config/load.ts";
import { readSettingsFile } from "../../core/config/settings_file.ts";
import { archiveFileSettings, type ArchiveReadSettings } from "../../search/archive/settings.ts";

export const ARCHIVE_OPTION = [
  "--archive <place>",
  "archive that the page searches on demand: a folder, s3://…, webhdfs://…, or a YAML file with `archive:`",
] as const;

/** The settings of the place; those of no archive where none is named. Throws CONFIG_INVALID, CONFIG_UNREADABLE. */
export function archiveSettingsOf(place: string | undefined): ArchiveReadSettings {
  if (place !== undefined && /\.ya?ml$/.test(place)) {
    return readSettingsFile(archiveFileSettings, place, "Check the path.").archive;
  }
  const location = place === undefined || place.includes("://") ? place ?? "" : resolve(place);
  const text = JSON.stringify({ archive: { location } }).replaceAll("$", "$$$$");
  return loadSettings(archiveFileSettings, text, { name: "--archive" }).archive;
}
