import { afterEach, beforeEach, expect, it } from 'vitest';
import { fixedAppNames } from '../../src/contract/app-names.ts';
import { Queries } from '../../src/journal/read/queries.ts';
import { readCursor } from '../../src/journal/read/sessions/session-cursor.ts';
import { sortableText } from '../../src/journal/read/sessions/session-order.ts';
import { UserAgents } from '../../src/journal/read/user-agents.ts';
import { SESSIONS } from '../../src/journal/schema/sessions.ts';
import { eventAt } from '../intake/event-under-test.ts';
import { EPOCH, SETTINGS } from '../sessions/model/event-arbitrary.ts';
import { StoredSite } from './stored-site.ts';

/** So many are put into an order. */
const MOST = 100_000;
const ANY = {
  ...{ user: null, host: null, virtualProxy: null, app: null, from: null, to: null, active: null, at: null },
  ...{ limit: 3, cursor: null },
};

let stored: StoredSite;
beforeEach(() => {
  stored = new StoredSite(SETTINGS);
});
afterEach(() => stored.dispose());

/** A page of so many sessions, of which the first has lasted longest and so on, in the order of what they lasted. */
function sortedPage(sessions: number) {
  stored.apply(eventAt('session_start', EPOCH));
  stored.commit(EPOCH, true);
  const fields = SESSIONS.names.filter((name) => name !== 'id' && name !== 'started_at');
  stored.database.exec(
    `WITH RECURSIVE ids (id) AS (SELECT 2 UNION ALL SELECT id + 1 FROM ids WHERE id < ${sessions})
     INSERT INTO sessions (id, started_at, ${fields})
     SELECT ids.id, s.started_at + ids.id, ${fields.map((name) => `s.${name}`)} FROM ids, sessions s WHERE s.id = 1`,
  );
  const queries = new Queries(stored.database, fixedAppNames(new Map()), new UserAgents());
  const order = { sort: 'duration', direction: 'desc', after: null } as const;
  const { items, ...page } = queries.sessions({ filters: ANY, now: EPOCH + 1_000_000, order });
  return { ...page, numbers: items.map(({ id }) => Number(id.split('-')[1])) };
}

it('an order is of so many sessions at most, the latest, and says that there are more', () => {
  expect(sortedPage(MOST + 2)).toMatchObject({
    total: MOST,
    totalIsAtLeast: true,
    sortedOf: MOST,
    numbers: [3, 4, 5],
  });
});

it('an order of just so many is one of all', () => {
  expect(sortedPage(MOST)).toMatchObject({
    total: MOST,
    totalIsAtLeast: false,
    sortedOf: MOST,
    numbers: [1, 2, 3],
  });
});

it('a cursor says where the page ended, and up to when open sessions had lasted', () => {
  const { nextCursor, numbers } = sortedPage(5);
  const now = EPOCH + 1_000_000;
  const [, , third] = numbers;
  expect(readCursor(nextCursor ?? '', 'duration', 'desc')).toEqual({ id: third, now, value: 999_997 });
});

it.each([
  ['node2', 'node10'],
  ['Node2', 'node3'],
  ['Chrome 99', 'Chrome 131'],
  ['Ökonom', 'oslo'],
  ['', 'a'],
])('%j comes before %j', (one, other) => {
  expect(sortableText(one) < sortableText(other)).toBe(true);
});
