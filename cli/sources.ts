/**
 * What `weir up` tails: turns the arguments of a person at a shell into entries and roots. Without arguments it is
 * everything readable under /var/log.
 */
import { dirname, resolve } from "node:path";
import { WeirError } from "../core/errors.ts";

export interface UpSources {
  /** In the form of collect_config. */
  entries: { path: string; topic: string; exclude: string[] }[];
  /** Directories that may be read. */
  roots: string[];
}

const TOPIC = "local";
const DEFAULT = "/var/log/**/*";
/** Compressed files, journals and records of logins: never lines of text, though they may be empty now. */
const NEVER = [
  "/var/log/journal/**",
  "**/{btmp,faillog,lastlog,utmp,wtmp}{,.*,-*}",
  "**/*.{gz,xz,zst,bz2,zip,journal}",
];

/**
 * `paths`: files, directories (all below) or patterns, absolute or relative to `cwd`. `data`: our own folder, never
 * tailed. Throws USAGE_NO_FILE for a plain path where nothing is.
 */
export function upSources(paths: readonly string[], cwd: string, data: string): UpSources {
  const exclude = [...NEVER, `${escapePattern(resolve(cwd, data))}/**`];
  const roots = new Set<string>();
  const patterns = paths.length === 0
    ? [DEFAULT]
    : paths.map((path) => patternOf(resolve(cwd, path), path, roots));
  if (paths.length === 0) roots.add("/var/log");
  if (patterns.length > 1000) {
    throw new WeirError(
      "USAGE_TOO_MANY_PATHS",
      `${patterns.length} paths were given, 1000 are taken`,
      {
        hint:
          "Quote the pattern, so that the shell does not expand it: weir up '/var/log/**/*.log'",
      },
    );
  }
  return { entries: patterns.map((path) => ({ path, topic: TOPIC, exclude })), roots: [...roots] };
}

function patternOf(path: string, given: string, roots: Set<string>): string {
  const stat = statOrUndefined(path);
  if (stat?.isDirectory) {
    roots.add(Deno.realPathSync(path));
    return `${escapePattern(path)}/**/*`;
  }
  if (stat !== undefined) {
    roots.add(dirname(Deno.realPathSync(path)));
    return escapePattern(path);
  }
  if (!/[*?[{]/.test(path)) {
    // It may appear later, as long as its directory is there.
    if (statOrUndefined(dirname(path)) === undefined) {
      throw new WeirError("USAGE_NO_FILE", `Nothing is at "${given}", nor is its directory there`, {
        hint: "Check the path.",
      });
    }
    roots.add(Deno.realPathSync(dirname(path)));
    return escapePattern(path);
  }
  const fixed = path.slice(0, path.search(/[*?[{]/));
  const base = fixed.slice(0, fixed.lastIndexOf("/")) || "/";
  if (statOrUndefined(base) === undefined) {
    throw new WeirError(
      "USAGE_NO_FILE",
      `Cannot look for "${given}": there is no directory ${base}`,
      { hint: "Check the path." },
    );
  }
  roots.add(Deno.realPathSync(base));
  return path;
}

function statOrUndefined(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch {
    return undefined; // not there, or not to be seen: the caller says so
  }
}

/** The pattern that means this path alone. */
export function escapePattern(path: string): string {
  return path.replace(/[*?[\]{}()!\\+@]/g, "\\$&");
}
