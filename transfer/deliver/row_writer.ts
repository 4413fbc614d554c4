/** How records reach a writer that needs no object for each of them. */
import type { DocumentWriter, WriteOutcome } from "../../core/ports/document_store.ts";
import type { RecordRows } from "../consume/record_rows.ts";

/** Rows of a batch, one behind the other. */
export interface RowRange {
  readonly rows: RecordRows;
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

/** A writer that takes records as rows, and need not say the same of each of them. */
export interface RowWriter extends DocumentWriter {
  /** As `write`, for all rows of all ranges in order; "created": each of them was. */
  writeRows(ranges: readonly RowRange[]): Promise<"created" | WriteOutcome[]>;
}
