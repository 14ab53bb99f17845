import type { DatabaseSync } from 'node:sqlite';
import { secondsOf } from '../../contract/seconds.ts';
import type { Answers } from './answers.ts';
import { findEvents } from './event-search.ts';
import type { Filters } from './filters.ts';
import type { Items, Row } from './items.ts';
import { page } from './page.ts';

export interface AroundQuestion {
  /** `from` is the first moment that counts, and `to` the one that was asked for. */
  readonly filters: Filters & { readonly from: number; readonly to: number };
}

/** Whole rows may be long. */
interface Opened {
  readonly seq: number;
  readonly at: number;
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
  const opened: Opened[] = [];
  let isCut = false;
  for (const kind of ['session_start', 'connection_open'] as const) {
    let read = 0;
    const found = findEvents(database, { ...wanted, kind }, null, items.isShown).take(MOST_READ + 1);
    for (const row of items.eventRows(found)) {
      read += 1;
      // What failed opened nothing.
      if (row['result'] !== null && row['result'] !== 0) continue;
      opened.push({ seq: Number(row['seq']), at: Number(row['at']) });
    }
    isCut ||= read > MOST_READ;
  }
  opened.sort((a, b) => b.at - a.at || b.seq - a.seq);
  const rows = items.eventRows(opened.values().map(({ seq }) => seq));
  const itemOf = (row: Row) => {
    const event = items.event(row);
    return { secondsBefore: secondsOf(to - Date.parse(event.at)), ...event };
  };
  return {
    at: new Date(to).toISOString(),
    from: new Date(from).toISOString(),
    total: opened.length,
    totalIsAtLeast: isCut,
    items: page(rows, limit, itemOf, ({ seq }) => String(seq)).items,
  };
}
