/** Lines that the index refused, as the fleet page shows them and sends them again. */

export interface DeadFilter {
  /** Pattern with * for any characters; empty: all. */
  topic: string;
  /** Such as ES_REJECTED; empty: all. */
  code: string;
}

export interface DeadLetter {
  code: string;
  reason: string;
  topic: string;
  partition: number;
  offset: number;
  /** Of the line's record, ISO 8601. */
  time: string;
  /** When it was refused. */
  dead: string;
  /** The line, cut; of a batch that nobody can unpack, empty. */
  text: string;
}

export interface DeadAnswer {
  /** Those that were not sent again, oldest first of each partition. */
  letters: DeadLetter[];
  /** There are more than were asked for. */
  more: boolean;
}

export interface ReplayAnswer {
  sent: number;
  /** Record batches that nobody can unpack. */
  left: number;
}

export interface DeadLetters {
  list(filter: DeadFilter, limit: number): Promise<DeadAnswer>;
  /** Sends them again to where they came from, and marks what was sent. */
  replay(filter: DeadFilter): Promise<ReplayAnswer>;
}
