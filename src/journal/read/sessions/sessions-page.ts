import type { DatabaseSync } from 'node:sqlite';
import type { MomentStatement } from '../../../sessions/quality/past-quality.ts';
import type { Answers } from '../answers.ts';
import { type Items, iso, type Row } from '../items.ts';
import { keptSince } from '../kept-since.ts';
import { page } from '../page.ts';
import type { SessionOrder } from './session-order.ts';
import type { SessionFilters } from './session-search.ts';

export interface SessionsQuestion {
  readonly filters: SessionFilters;
  /** Milliseconds since 1970 UTC. */
  readonly now: number;
  /** Where the filters ask for one moment: how right it is what is known of that. */
  readonly moment?: MomentStatement | null;
  /** Null for the order in which sessions became known. */
  readonly order?: SessionOrder | null;
}

/** Sessions of one moment: no site has so many users. */
const MOST_COUNTED = 100_000;
const UNCOUNTED = { total: null, totalIsAtLeast: false, sortedOf: null };
const BEFORE_STORE: MomentStatement = { quality: 'unknown', reasons: ['before_store'] };

/** A page of sessions, and what there is to know of all of them. */
export function sessionsPageOf(
  database: DatabaseSync,
  items: Items,
  { filters, now, moment = null, order = null }: SessionsQuestion,
): Answers['sessions'] {
  const { at, limit, withCursors } = filters;
  const isDeleted = at !== null && at < keptSince(database);
  const known = moment !== null && isDeleted ? BEFORE_STORE : moment;
  const head = {
    asOf: iso(at ?? now),
    quality: known?.quality ?? null,
    reasons: known?.reasons ?? [],
  };
  const itemOf = (row: Row) => items.session(row, now, at);
  if (order === null) {
    const rows = items.sessionRows(items.findSessions(filters).take(limit + 1));
    return {
      ...head,
      ...(moment === null ? UNCOUNTED : counted(items, filters)),
      ...page(rows, limit, itemOf, ({ id }) => String(id), withCursors),
    };
  }
  const { places, cursorOf, sorted, isAll } = items.sortedSessions(filters, order, now);
  const found = places.values().flatMap((place) => {
    const row = items.sessionRow(place.id);
    return row === undefined ? [] : [{ row, place }];
  });
  return {
    ...head,
    total: sorted,
    totalIsAtLeast: !isAll,
    sortedOf: sorted,
    ...page(
      found,
      limit,
      ({ row }) => itemOf(row),
      ({ place }) => cursorOf(place),
      withCursors,
    ),
  };
}

function counted(items: Items, filters: SessionFilters) {
  let total = 0;
  for (const _ of items.findSessions({ ...filters, cursor: null }).take(MOST_COUNTED + 1)) total += 1;
  const totalIsAtLeast = total > MOST_COUNTED;
  return { total: Math.min(total, MOST_COUNTED), totalIsAtLeast, sortedOf: null };
}
