/** What the calendar of a time zone is cut into. */
export const CALENDAR_UNITS = ['hour', 'day', 'month'] as const;
export type CalendarUnit = (typeof CALENDAR_UNITS)[number];

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Whether it names a time zone: `Europe/Berlin`, say, or `UTC`. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** The calendar of a time zone, in which a day may have 23 or 25 hours. Times are milliseconds since 1970 UTC. */
export class Calendar {
  readonly #format: Intl.DateTimeFormat;

  /** @throws RangeError where there is no such zone */
  constructor(timeZone: string) {
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      ...{ year: 'numeric', month: 'numeric', day: 'numeric' },
      ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
    });
  }

  /** When hours, days or months begin: the one in which `from` lies, and all that follow. */
  *beginnings(unit: CalendarUnit, from: number): Generator<number, never> {
    if (unit === 'hour') return yield* this.#hours(from);
    let last = Number.NEGATIVE_INFINITY;
    for (let n = this.#placeOf(unit, from) - 1; ; n += 1) {
      const begins = this.#instantOf(unit === 'day' ? n * DAY_MS : Date.UTC(1970, n));
      const next = this.#instantOf(unit === 'day' ? (n + 1) * DAY_MS : Date.UTC(1970, n + 1));
      // A day that a zone leaves out, as when it moves across the date line, begins and ends at once.
      if (next > from && begins > last && next > begins) {
        yield begins;
        last = begins;
      }
    }
  }

  /** Where the clocks move by half an hour, one hour lasts ninety minutes. */
  *#hours(from: number): Generator<number, never> {
    const intoHour = (at: number): number => (((at + this.#offset(at)) % HOUR_MS) + HOUR_MS) % HOUR_MS;
    for (let at = from - intoHour(from); ; ) {
      yield at;
      at += HOUR_MS;
      const into = intoHour(at);
      if (into > 0) at += HOUR_MS - into;
    }
  }

  /** The number of a day or month since 1970. */
  #placeOf(unit: 'day' | 'month', at: number): number {
    const wall = at + this.#offset(at);
    if (unit === 'day') return Math.floor(wall / DAY_MS);
    const date = new Date(wall);
    return (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth();
  }

  /** When the clocks on the wall first show a time, given as if it were UTC; of one that they leave out, when they do. */
  #instantOf(wall: number): number {
    const before = this.#offset(wall - DAY_MS);
    const after = this.#offset(wall + DAY_MS);
    const isShown = (offset: number) => this.#offset(wall - offset) === offset;
    return before === after || isShown(before) || !isShown(after) ? wall - before : wall - after;
  }

  /** How far the clocks on the wall are ahead of UTC. */
  #offset(at: number): number {
    const fields = new Map(this.#format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
    const field = (type: Intl.DateTimeFormatPartTypes): number => fields.get(type) ?? 0;
    const day = Date.UTC(field('year'), field('month') - 1, field('day'));
    const wall = day + field('hour') * HOUR_MS + field('minute') * MINUTE_MS + field('second') * 1000;
    return wall - Math.floor(at / 1000) * 1000;
  }
}
