/**
 * What may be committed of one partition: the offset behind the longest unbroken run of finished
 * records, in the order in which they were read. It promises never to name an offset past a record
 * that is not finished, to take each record once however often Kafka delivers it, and to need 9
 * bytes a record in flight.
 */
import { assert } from "../../core/errors.ts";

export class OffsetTracker {
  /** Offset behind each record in flight, by ticket modulo the length; a power of two. */
  #behind = new Float64Array(64);
  #finished = new Uint8Array(64);
  /** Ticket of the oldest record that is not known to be finished. */
  #first = 0;
  /** Ticket that the next record gets. */
  #last = 0;
  /** Offset that the next new record has at least; -1 before the first. */
  #next = -1;
  /** Offset behind the finished run; -1 before anything is finished. */
  #position = -1;

  /** Records taken and not behind the finished run. */
  get inFlight(): number {
    return this.#last - this.#first;
  }

  /** The offset behind everything taken so far; -1 before the first. */
  get next(): number {
    return this.#next;
  }

  /**
   * Where a restarted reader begins: the offset behind the finished run, or -1 where there is none
   * yet.
   */
  get position(): number {
    return this.#position;
  }

  /**
   * Takes the record at `offset` and returns its ticket; -1 where it was taken before. Offsets may
   * leave gaps (compaction, transaction markers).
   */
  take(offset: number): number {
    if (offset < this.#next) return -1;
    if (!Number.isSafeInteger(offset)) assert(false, `Kafka offset ${offset} is exact`);
    if (this.#last - this.#first === this.#behind.length) this.#grow();
    const slot = this.#last & (this.#behind.length - 1);
    this.#behind[slot] = offset + 1;
    this.#finished[slot] = 0;
    this.#next = offset + 1;
    return this.#last++;
  }

  /**
   * Says that everything below `offset` that was not taken is nothing to wait for: markers, aborted
   * records.
   */
  skipTo(offset: number): void {
    if (offset <= this.#next) return;
    this.#next = offset;
    if (this.#last === this.#first) this.#position = offset;
    else this.#behind[(this.#last - 1) & (this.#behind.length - 1)] = offset;
  }

  /**
   * Marks a record, or `count` that were taken one after the other, as finished. Twice is an error
   * of the caller.
   */
  finish(ticket: number, count = 1): void {
    const end = ticket + count;
    const inFlight = ticket >= this.#first && end <= this.#last;
    if (!inFlight) assert(false, `ticket ${ticket} is in flight`);
    const mask = this.#behind.length - 1;
    for (let each = ticket; each < end; each++) {
      if (this.#finished[each & mask] !== 0) assert(false, `ticket ${each} is finished once`);
      this.#finished[each & mask] = 1;
    }
    while (this.#first < this.#last && this.#finished[this.#first & mask] === 1) {
      this.#position = this.#behind[this.#first & mask];
      this.#first++;
    }
  }

  #grow(): void {
    const size = this.#behind.length, mask = size * 2 - 1;
    const behind = new Float64Array(size * 2), finished = new Uint8Array(size * 2);
    for (let ticket = this.#first; ticket < this.#last; ticket++) {
      behind[ticket & mask] = this.#behind[ticket & (size - 1)];
      finished[ticket & mask] = this.#finished[ticket & (size - 1)];
    }
    this.#behind = behind;
    this.#finished = finished;
  }
}
