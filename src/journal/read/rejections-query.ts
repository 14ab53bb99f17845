import type { DatabaseSync } from 'node:sqlite';
import type { Answers, EventItem, SessionItem } from './answers.ts';
import { type EventFilters, findEvents } from './event-search.ts';
import type { Items, Row } from './items.ts';
import { page } from './page.ts';
import { SEAT_HELD_MS } from './peaks/peak-sweep.ts';

/** Sense gives a user five seats; more than that are sessions whose ends were lost. */
const MOST_HOLDERS = 25;
const ANY = { host: null, virtualProxy: null, app: null, active: null, at: null, cursor: null };

/** Rejected sessions, newest first. One beyond the limit of its user has the sessions that held the seats then, newest first. */
export function rejectionsOf(
  database: DatabaseSync,
  items: Items,
  filters: EventFilters,
  now: number,
): Answers['rejections'] {
  function heldBy({ user, at, reason }: EventItem): SessionItem[] {
    if (user === null || reason !== 'parallel_limit') return [];
    const moment = Date.parse(at);
    const found = items.findSessions({
      ...ANY,
      user: { directory: user.directory ?? '', id: user.id },
      from: moment - SEAT_HELD_MS + 1,
      to: moment + 1,
      limit: MOST_HOLDERS,
    });
    return Array.from(items.sessionRows(found.take(MOST_HOLDERS)), (row) => items.session(row, now));
  }
  const rows = items.eventRows(findEvents(database, filters, null, items.isShown).take(filters.limit + 1));
  const itemOf = (row: Row) => {
    const event = items.event(row);
    return { ...event, heldBy: heldBy(event) };
  };
  return page(rows, filters.limit, itemOf, ({ seq }) => String(seq), filters.withCursors);
}
