import { offsetOf, timeOfClock } from '../words/zone.ts';

/** A moment, ms since 1970 UTC, or in words why there is none. */
export type ReadMoment = { readonly at: number } | { readonly problem: string };

const DAY_MS = 86_400_000;
const MOMENT =
  /^(?:(?<date>\d{4}-\d\d-\d\d)(?:T|\s+)|(?<day>today|yesterday),?\s+)?(?<hour>\d\d?):(?<minute>\d\d)(?::(?<second>\d\d(?:\.\d{1,9})?))?\s*(?<zone>Z|[+-]\d\d(?::?\d\d)?)?$/i;

const EXPECTED =
  'This is no time that can be read. Write 10:14, yesterday 10:14, 2026-11-20 11:14 or 2026-11-20T11:14+01:00.';

/**
 * What somebody typed. A time without a zone is that of `zone` (IANA name), one without a date is that of today, and `now`
 * is in ms since 1970 UTC.
 */
export function readMoment(text: string, now: number, zone: string): ReadMoment {
  const found = MOMENT.exec(text.trim())?.groups;
  if (found === undefined) return { problem: EXPECTED };
  const offset = found['zone'] === undefined ? null : offsetIn(found['zone']);
  const day = dayOf(found['date'], found['day'], now + (offset ?? offsetOf(now, zone)));
  const clock = clockOf(Number(found['hour']), Number(found['minute']), Number(found['second'] ?? 0));
  if (day === null) return { problem: `There is no day ${found['date']}.` };
  if (clock === null || Number.isNaN(offset)) return { problem: EXPECTED };
  const at = offset === null ? timeOfClock(day + clock, zone) : day + clock - offset;
  if (at === null) return { problem: 'The clocks were put forward over this time, so it never was.' };
  if (at <= now) return { at };
  const hint =
    found['date'] === undefined && found['day'] === undefined ? ` Was it yesterday ${text.trim()}?` : '';
  return { problem: `This lies in the future.${hint}` };
}

/** The beginning of a day, as `timeOfClock` takes it. `today`: now, likewise. Null for a day that no calendar has. */
function dayOf(date: string | undefined, word: string | undefined, today: number): number | null {
  if (date !== undefined) {
    const day = Date.parse(`${date}T00:00:00Z`);
    // Some browsers take the 30th of February for the 2nd of March.
    return !Number.isNaN(day) && new Date(day).toISOString().startsWith(date) ? day : null;
  }
  const midnight = Math.floor(today / DAY_MS) * DAY_MS;
  return word?.toLowerCase() === 'yesterday' ? midnight - DAY_MS : midnight;
}

function clockOf(hour: number, minute: number, second: number): number | null {
  if (hour > 23 || minute > 59 || second >= 60) return null;
  return (hour * 60 + minute) * 60_000 + Math.floor(second * 1000);
}

/** In milliseconds; NaN for one that no place on earth has. */
function offsetIn(zone: string): number {
  if (zone.toUpperCase() === 'Z') return 0;
  const digits = zone.replace(/\D/g, '').padEnd(4, '0');
  const [hours, minutes] = [Number(digits.slice(0, 2)), Number(digits.slice(2))];
  if (hours > 14 || minutes > 59) return Number.NaN;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

/** A moment as somebody might have typed it, to the second. */
export function momentText(at: number, zone: string): string {
  return new Date(at + offsetOf(at, zone)).toISOString().slice(0, 19).replace('T', ' ');
}
