/** The settings of weir-transfer for commands that do what it does: dry run, dead letters. */
import { readSettingsFile } from "../core/config/settings_file.ts";
import { type TransferSettings, transferSettings } from "../transfer/config.ts";

/** Throws CONFIG_UNREADABLE or CONFIG_INVALID. */
export function readTransferSettings(file: string): TransferSettings {
  return readSettingsFile(
    transferSettings,
    file,
    "Give the settings of weir-transfer: --config FILE",
  );
}
