/** Errors that are documented: everything else that comes out of fuzzed code is a finding. */
import { WeirError } from "../../../core/errors.ts";
import { Broken } from "../target.ts";

/** The error as a WeirError with a code; throws what it is where it is none. */
export function isWeirError(error: unknown): WeirError {
  if (!(error instanceof WeirError)) throw error;
  if (!/^[A-Z][A-Z0-9_]+$/.test(error.code)) throw new Broken(`the code is "${error.code}"`);
  return error;
}
