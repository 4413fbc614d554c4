/** The copy of the configuration that was applied last, in the state folder: what the agent's lines are sent by. */
import { messageOf, WeirError } from "../core/errors.ts";
import type { ConfigSnapshot } from "../core/ports/config_source.ts";
import type { Files } from "../core/ports/files.ts";
import { type Entry, mergeEntries, parseEntries } from "./tail/entries.ts";

export const APPLIED_COPY = "applied.json";

/** Rejects with APPLIED_UNREADABLE where there is none, or it cannot be used. */
export async function appliedEntries(
  files: Pick<Files, "readText">,
  state: string,
): Promise<Entry[]> {
  const path = `${state}/${APPLIED_COPY}`;
  try {
    const { value, layers } = JSON.parse(await files.readText(path)) as {
      value: string;
      layers?: ConfigSnapshot["layers"];
    };
    return layers === undefined
      ? parseEntries(value, path)
      : mergeEntries(layers.map((layer) => parseEntries(layer.text, layer.name)));
  } catch (error) {
    throw new WeirError(
      "APPLIED_UNREADABLE",
      `Cannot read what this host's agent applied last: ${messageOf(error)}`,
      {
        hint: "Run it on the host of the agent, as a user that may read its state folder.",
        cause: error,
      },
    );
  }
}
