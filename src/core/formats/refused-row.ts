import type { Arrival } from '../event.ts';
import type { RowLine } from '../row-stream.ts';
import { readHost } from './host.ts';
import { draftLine } from './parsed-line.ts';
import { readRowNumber, readTime } from './row.ts';

const PREFIX = '/headcount/2;';
/** A relay's header comes before it. */
const MOST_CHARS = 1_000;

/** What a line of our own layout says of its place, if it says no more; null where it has no row number. */
export function rowOfRefused(text: string, arrival: Arrival): RowLine | null {
  const begin = text.slice(0, MOST_CHARS);
  const prefixAt = begin.indexOf(PREFIX);
  if (prefixAt < 0) return null;
  const [row = '', time = '', host = ''] = begin.slice(prefixAt + PREFIX.length).split(';', 3);
  const draft = draftLine('session_rejected', '', 0, arrival);
  readHost(draft, host, arrival);
  readTime(draft, time);
  readRowNumber(draft, row);
  return draft.rowNumber === null ? null : { ...draft, kind: null };
}
