/** Times as a person reads them, by the clock of a zone: "2026-11-21 10:02:03.456". */

export class ClockText {
  readonly #format: Intl.DateTimeFormat;

  /**
   * Throws RangeError for a zone that the runtime does not know.
   * @param zone IANA. @default the runtime's own
   */
  constructor(zone?: string) {
    this.#format = new Intl.DateTimeFormat("en-CA", {
      ...(zone === undefined ? {} : { timeZone: zone }),
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      fractionalSecondDigits: 3,
      hourCycle: "h23",
    });
  }

  /** Throws RangeError for a date that is none. */
  of(date: Date): string {
    const part: Record<string, string> = {};
    for (const { type, value } of this.#format.formatToParts(date)) part[type] = value;
    return `${part.year}-${part.month}-${part.day} ` +
      `${part.hour}:${part.minute}:${part.second}.${part.fractionalSecond}`;
  }
}
