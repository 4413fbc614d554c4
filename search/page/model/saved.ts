/** Views that were given a name, and the last queries; kept in this browser alone. */

export interface SavedView {
  name: string;
  /** Query part of the address. */
  address: string;
}

export const SAVED_MAX = 50;
export const RECENT_MAX = 20;

/** Reads what was stored; whatever is no list of views is left out. */
export function savedOf(text: string): SavedView[] {
  return listOf(text).flatMap((one) => {
    const { name, address } = (one ?? {}) as Partial<SavedView>;
    const fits = typeof name === "string" && name !== "" && typeof address === "string" &&
      (address === "" || address.startsWith("?"));
    return fits ? [{ name: name.slice(0, 100), address }] : [];
  }).slice(0, SAVED_MAX);
}

/** With one more view, the newest first; a name stands once. */
export function withView(views: readonly SavedView[], view: SavedView): SavedView[] {
  return [view, ...views.filter(({ name }) => name !== view.name)].slice(0, SAVED_MAX);
}

export function recentOf(text: string): string[] {
  return listOf(text).filter((one): one is string => typeof one === "string" && one !== "")
    .slice(0, RECENT_MAX);
}

export function withRecent(recent: readonly string[], query: string): string[] {
  if (query === "") return [...recent];
  return [query, ...recent.filter((one) => one !== query)].slice(0, RECENT_MAX);
}

function listOf(text: string): unknown[] {
  try {
    const value = JSON.parse(text);
    return Array.isArray(value) ? value : [];
  } catch {
    // Nothing stored yet, or by something else: then there is nothing.
    return [];
  }
}
