/** Bounds of the API's answers: lines, and milliseconds that one may take. */
export const LIMITS = {
  search: 100_000,
  export: 1_000_000,
  searchMs: 30_000,
  exportMs: 600_000,
  longestMs: 3_600_000,
} as const;
