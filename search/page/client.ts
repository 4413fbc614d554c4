/** The page's side of the API: JSON answers, streamed lines, errors with their column. */
import type { Line } from "./model/line.ts";

export interface Problem {
  code: string;
  message: string;
  hint: string;
  column?: number;
}

/** An answer of the API that is an error. */
export class ApiError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.message);
  }
}

/** Parameters of a request; empty ones are left out. */
export type Values = Record<string, string | number | undefined>;

export function apiUrl(path: string, values: Values): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && value !== "") query.set(name, String(value));
  }
  const text = query.toString();
  return text === "" ? path : `${path}?${text}`;
}

async function get(path: string, values: Values, signal?: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(apiUrl(path, values), signal === undefined ? {} : { signal });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError({
      code: "OFFLINE",
      message: "Weir does not answer",
      hint: "Is it running?",
    });
  }
  if (!response.ok) {
    const problem = await response.json().catch(() => undefined) as Problem | undefined;
    throw new ApiError(
      problem ?? { code: "HTTP", message: `The answer was ${response.status}`, hint: "" },
    );
  }
  return response;
}

export async function getJson<T>(path: string, values: Values, signal?: AbortSignal): Promise<T> {
  return await (await get(path, values, signal)).json() as T;
}

/** Times of years that the API can read again. */
const RANGE = /^(|\d{4}-.*)\/(|\d{4}-.*)$/;

interface LinesOptions {
  path?: string;
  told?: (line: unknown) => void;
  /** Given the range that the answer is of; a side that is open is "". */
  range?: (range: { since: string; until: string }) => void;
}

/** Lines of /api/search, or another path; `some` gets them as they come, `told` what is no line. Throws the error that ends an incomplete answer. */
export async function getLines(
  values: Values,
  signal: AbortSignal,
  some: (lines: Line[]) => void,
  { path = "/api/search", told, range }: LinesOptions = {},
): Promise<number> {
  const response = await get(path, values, signal);
  const sides = RANGE.exec(response.headers.get("weir-range") ?? "");
  if (sides !== null) range?.({ since: sides[1], until: sides[2] });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "", count = 0;
  for (;;) {
    const { done, value } = await reader.read();
    const texts = (rest + (value ?? "")).split("\n");
    rest = done ? "" : texts.pop()!;
    const lines: Line[] = [];
    for (const text of texts) {
      if (text === "") continue;
      const parsed = JSON.parse(text) as Line & { error?: Problem };
      if (parsed.error !== undefined && parsed._id === undefined) throw new ApiError(parsed.error);
      if (parsed._id === undefined) told?.(parsed);
      else lines.push(parsed);
    }
    count += lines.length;
    if (lines.length > 0) some(lines);
    if (done) return count;
  }
}

export function problemOf(error: unknown): Problem {
  if (error instanceof ApiError) return error.problem;
  return {
    code: "PAGE",
    message: error instanceof Error ? error.message : String(error),
    hint: "",
  };
}
