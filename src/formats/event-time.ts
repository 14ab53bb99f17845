import { isNull, parseInteger } from './fields.ts';
import type { Draft } from './parsed-line.ts';

const DAY_MS = 86_400_000;
const OLDEST_MS = 7 * DAY_MS;
const NEWEST_MS = 10 * 60_000;

/** The three fields of an event that say when it was. */
export interface EventTime {
  readonly at: number;
  readonly originalAt: number | null;
  readonly timed: boolean;
}

/**
 * The time of an event whose sender says it happened at `original`. A clock that is days off would open
 * sessions in the future or reopen forgotten ones, so such a time gives way to the arrival time and is kept.
 */
export function eventTime(original: number | null, receivedAt: number): EventTime {
  if (original === null) return { at: receivedAt, originalAt: null, timed: false };
  const credible = original >= receivedAt - OLDEST_MS && original <= receivedAt + NEWEST_MS;
  return credible
    ? { at: original, originalAt: null, timed: true }
    : { at: receivedAt, originalAt: original, timed: false };
}

/**
 * Milliseconds of what Sense's `Iso8601TimeOffsetPatternConverter` prints: `20240519T115549.898+0200`, also
 * with `+02:00`, `+02` or `Z`, any number of decimals or none. Null where it is something else.
 */
export function parseLongIsoDate(text: string): number | null {
  const month = number(text, 4, 2);
  const day = number(text, 6, 2);
  const seconds = number(text, 13, 2);
  const minutes = number(text, 11, 2);
  const hours = number(text, 9, 2);
  if (text.charCodeAt(8) !== 84 || !(number(text, 0, 4) >= 1)) return null;
  if (!(hours <= 23 && minutes <= 59 && seconds <= 60 && day >= 1 && month >= 1 && month <= 12)) return null;
  // Not Date.UTC: it takes the years 0 to 99 for 1900 to 1999.
  const midnight = new Date(0).setUTCFullYear(number(text, 0, 4), month - 1, day);
  // A 31st that the month does not have rolls over into the next one.
  if (day > 28 && new Date(midnight).getUTCDate() !== day) return null;
  const zoneAt = endOfDecimals(text, 15);
  const offset = offsetMinutes(text, zoneAt);
  if (offset === null) return null;
  const inDay = ((hours * 60 + minutes - offset) * 60 + seconds) * 1000;
  return midnight + inDay + milliseconds(text, 16, zoneAt);
}

/** The number in `length` digits at `from`; NaN, which fails every comparison, where one is no digit. */
function number(text: string, from: number, length: number): number {
  let value = 0;
  for (let i = from; i < from + length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

/** .NET writes the decimal separator of the server's culture. */
function endOfDecimals(text: string, from: number): number {
  const separator = text.charCodeAt(from);
  if (separator !== 46 && separator !== 44) return from;
  let end = from + 1;
  while (number(text, end, 1) >= 0) end++;
  return end;
}

/** The first three decimals; .NET may write seven. */
function milliseconds(text: string, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < from + 3; i++) value = value * 10 + (i < to ? number(text, i, 1) : 0);
  return value;
}

function offsetMinutes(text: string, from: number): number | null {
  const sign = text.charCodeAt(from);
  if (sign === 90) return text.length === from + 1 ? 0 : null;
  if (sign !== 43 && sign !== 45) return null;
  const minutesAt = from + (text.charCodeAt(from + 3) === 58 ? 4 : 3);
  const minutes = text.length === from + 3 ? 0 : number(text, minutesAt, 2);
  const total = number(text, from + 1, 2) * 60 + minutes;
  if (!(total <= 14 * 60 && minutes <= 59) || (text.length !== minutesAt + 2 && text.length !== from + 3))
    return null;
  return sign === 45 ? -total : total;
}

/** With or without `-`, `:` and a space before the zone; a space for the `T`, which may be in lower case as the `Z` may. */
const OTHER_ISO_DATE =
  /^(\d{4})-?(\d\d)-?(\d\d)[T ](\d\d):?(\d\d):?(\d\d(?:[.,]\d{1,9})?) ?(Z|[+-]\d\d(?::?\d\d)?)$/i;

/** The usual spellings of ISO 8601 with a zone, which other pattern converters and relays write; null for anything else. */
function parseOtherIsoDate(text: string): number | null {
  const match = OTHER_ISO_DATE.exec(text);
  if (match === null) return null;
  const [, year, month, day, hours, minutes, seconds, zone] = match;
  return parseLongIsoDate(`${year}${month}${day}T${hours}${minutes}${seconds}${zone?.toUpperCase()}`);
}

/** Sets the event time from `%longIso8601date`; log4net without that converter prints `ongIso8601date`. */
export function readTime(draft: Draft, field: string): void {
  if (isNull(field)) return;
  const text = field.trim();
  const original = parseLongIsoDate(text) ?? parseOtherIsoDate(text);
  if (original === null) draft.fault ??= 'time_converter';
  const time = eventTime(original, draft.receivedAt);
  draft.at = time.at;
  draft.originalAt = time.originalAt;
  draft.timed = time.timed;
}

/** `%rownum` is an integer of 32 bits, and begins again when it is full. */
const MOST_ROWS = 2_147_483_647;

/** Sets the row number from `%rownum{..}`; log4net without that converter prints `99ownum{9999}`. */
export function readRowNumber(draft: Draft, field: string): void {
  if (isNull(field)) return;
  const row = parseInteger(field);
  draft.rowNumber = row !== null && row >= 0 && row <= MOST_ROWS ? row : null;
  if (draft.rowNumber === null) draft.fault ??= 'rownum_converter';
}

/** What may be left out: seconds, decimals and the colon in the zone. Never the zone: it would be a guess. */
const ISO_TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)([.,]\d{1,9})?)?(Z|[+-]\d\d(?::?\d\d)?)$/;

/** For messages about a time that `parseIsoTime` does not take. */
export const ISO_TIME_EXPECTED = 'expected ISO 8601 with a zone, such as 2026-05-19T10:14:00.123Z';

/** Milliseconds since 1970 UTC of an ISO 8601 time with a zone; null where it is something else. */
export function parseIsoTime(text: string): number | null {
  const match = ISO_TIME.exec(text);
  if (match === null) return null;
  const [, year, month, day, hours, minutes, seconds = '00', decimals = '', zone] = match;
  return parseLongIsoDate(`${year}${month}${day}T${hours}${minutes}${seconds}${decimals}${zone}`);
}
