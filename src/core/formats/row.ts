import { eventTime, parseLongIsoDate } from './event-time.ts';
import { isNull, parseInteger } from './fields.ts';
import type { Draft } from './parsed-line.ts';

/** Sets the event time from `%longIso8601date`; log4net without that converter prints `ongIso8601date`. */
export function readTime(draft: Draft, field: string): void {
  if (isNull(field)) return;
  const original = parseLongIsoDate(field.trim());
  if (original === null) draft.fault ??= 'time_converter';
  const time = eventTime(original, draft.receivedAt);
  draft.at = time.at;
  draft.originalAt = time.originalAt;
  draft.timed = time.timed;
}

/** Sets the row number from `%rownum{..}`; log4net without that converter prints `99ownum{9999}`. */
export function readRowNumber(draft: Draft, field: string): void {
  if (isNull(field)) return;
  draft.rowNumber = parseInteger(field);
  if (draft.rowNumber === null) draft.fault ??= 'rownum_converter';
}
