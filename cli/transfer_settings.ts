/** The settings of weir-transfer for commands that do what it does: dry run, dead letters. */
import { loadSettings } from "../core/config/load.ts";
import { messageOf, WeirError } from "../core/errors.ts";
import { type TransferSettings, transferSettings } from "../transfer/config.ts";

/** Throws CONFIG_UNREADABLE or CONFIG_INVALID. */
export function readTransferSettings(file: string): TransferSettings {
  let source: string;
  try {
    source = Deno.readTextFileSync(file);
  } catch (error) {
    throw new WeirError("CONFIG_UNREADABLE", `Cannot read "${file}": ${messageOf(error)}`, {
      hint: "Give the settings of weir-transfer: --config FILE",
    });
  }
  return loadSettings(transferSettings, source, { name: file, env: (name) => Deno.env.get(name) });
}
