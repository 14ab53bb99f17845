import { parseLongIsoDate } from '../src/core/formats/event-time.ts';

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
