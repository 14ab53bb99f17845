import type { DatabaseSync } from 'node:sqlite';
import { secondsOf } from '../../contract/seconds.ts';
import type { Answers } from './answers.ts';
import { findEvents } from './event-search.ts';
import type { Filters } from './filters.ts';
import type { Items, Row } from './items.ts';

export interface AroundQuestion {
  /** `from` is the first moment that counts, and `to` the one that was asked for. */
  readonly filters: Filters & { readonly from: number; readonly to: number };
}

/** Events of one kind looked at, the latest ones: a log-in loop must not hold up the reader. */
const MOST_READ = 20_000;

/** Sessions and apps opened in a time before a moment, the nearest to it first, and as many as a page holds. */
export function aroundOf(
  database: DatabaseSync,
  items: Items,
  { filters }: AroundQuestion,
): Answers['around'] {
  const { from, to, limit } = filters;
  const wanted = { ...filters, to: to + 1, cursor: null };
  const rows: Row[] = [];
  let isCut = false;
  for (const kind of ['session_start', 'connection_open'] as const) {
    const found = items.eventRows(
      findEvents(database, { ...wanted, kind }, null, items.isShown).take(MOST_READ + 1),
    );
    isCut ||= found.length > MOST_READ;
    // What failed opened nothing.
    for (const row of found) if (row['result'] === null || row['result'] === 0) rows.push(row);
  }
  rows.sort((a, b) => Number(b['at']) - Number(a['at']) || Number(b['seq']) - Number(a['seq']));
  return {
    at: new Date(to).toISOString(),
    from: new Date(from).toISOString(),
    total: rows.length,
    totalIsAtLeast: isCut,
    items: rows.slice(0, limit).map((row) => {
      const event = items.event(row);
      return { secondsBefore: secondsOf(to - Date.parse(event.at)), ...event };
    }),
  };
}
