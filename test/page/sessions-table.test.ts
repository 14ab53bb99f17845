import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { asOf, filter } from '../../src/page/model/look.ts';
import { filterParameters } from '../../src/page/model/shown.ts';
import { canBeHidden, hiddenColumns } from '../../src/page/sessions/columns.ts';
import {
  firstOf,
  nextOrder,
  placeText,
  SessionList,
  type SessionsPage,
} from '../../src/page/sessions/session-list.ts';

const list = new SessionList(() => filterParameters.value);
const { activeOnly, asked: sessionsAsked, cursors, order, search, totalAsked, turnTo } = list;

afterEach(() => {
  asOf.value = null;
  filter.host.value = null;
  activeOnly.value = true;
  search.value = '';
  order.value = { by: 'started', direction: 'desc' };
});

describe('the question of the table', () => {
  it('is who is on, the newest first', () => {
    expect(sessionsAsked.value).toMatchObject({ active: true, sort: 'started', order: 'desc', search: null });
  });

  it('has what the page is filtered by, and who is looked for', () => {
    filter.host.value = 'node1';
    search.value = 'anna';
    expect(sessionsAsked.value).toMatchObject({ host: 'node1', search: 'anna' });
  });

  it('is about everybody once "Active only" is off', () => {
    activeOnly.value = false;
    expect(sessionsAsked.value).toMatchObject({ active: null });
  });

  it('is who was on at the moment that the page shows', () => {
    asOf.value = Date.UTC(2026, 10, 20, 10, 14);
    expect(sessionsAsked.value).toMatchObject({ at: '2026-11-20T10:14:00.000Z' });
    expect(sessionsAsked.value).not.toHaveProperty('active');
  });
});

describe('pages of the table', () => {
  it('begin with the first one whenever the question is another', () => {
    turnTo(['100', '200']);
    expect(cursors.value).toEqual(['100', '200']);
    search.value = 'bert';
    expect(cursors.value).toEqual([]);
  });

  const page = (given: Partial<SessionsPage>, items = 100): SessionsPage => ({
    asOf: '2026-11-20T10:14:00.000Z',
    quality: null,
    reasons: [],
    total: null,
    totalIsAtLeast: false,
    sortedOf: null,
    nextCursor: null,
    items: new Array(items),
    ...given,
  });

  const next = { nextCursor: 'x' };
  const counted = (total: number, totalIsAtLeast = false) => ({ total, totalIsAtLeast });

  it.each([
    ['1–100 of 245', page({ total: 245, ...next }), null, 0],
    ['201–245 of 245', page({ total: 245 }, 45), null, 2],
    ['1–100 of more than 100,000', page({ ...counted(100_000, true), ...next }), null, 0],
    ['101–200 of more', page(next), null, 1],
    ['101–200 of 322', page(next), counted(322), 1],
    ['1–100 of more than 100,000', page(next), counted(100_000, true), 0],
    ['101–103 of 103', page({}, 3), null, 1],
    ['None', page({ total: 0 }, 0), null, 0],
    ['None on this page', page({ total: 90 }, 0), null, 1],
  ])('say that they are %s', (said, shown, total, pagesBefore) => {
    expect(placeText(shown, total, pagesBefore)).toBe(said);
  });

  it('never claim fewer than they show, however the total has changed since', () => {
    expect(placeText(page({ total: 150, ...next }), null, 1)).toBe('101–200 of more than 200');
    expect(placeText(page({ total: 250 }), null, 1)).toBe('101–200 of 200');
  });

  it('are counted apart only where the API does not count them with the page', () => {
    expect(totalAsked.value).toBeNull();
    activeOnly.value = false;
    expect(totalAsked.value).toMatchObject({ active: null, sort: 'connections', limit: 1 });
    order.value = { by: 'user', direction: 'asc' };
    expect(totalAsked.value).toBeNull();
  });
});

describe('the order of the table', () => {
  it('begins with A for names, and with the latest and most for the rest', () => {
    expect(nextOrder(order.value, 'user')).toEqual({ by: 'user', direction: 'asc' });
    expect(nextOrder(order.value, 'duration')).toEqual({ by: 'duration', direction: 'desc' });
  });

  it('is turned round by the column that it is of already', () => {
    const once = nextOrder(order.value, 'started');
    expect(once).toEqual({ by: 'started', direction: 'asc' });
    expect(nextOrder(once, 'started')).toEqual(order.value);
  });
});

describe('the columns', () => {
  it('are hidden as they were at the last visit', () => {
    expect([...hiddenColumns('["host","os"]')]).toEqual(['host', 'os']);
    expect([...hiddenColumns(null)]).toEqual([]);
  });

  it('never lose the user, which leads to the session', () => {
    expect([...hiddenColumns('["user","os"]')]).toEqual(['os']);
  });

  it('come to no harm by whatever was kept', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (kept) => {
        expect([...hiddenColumns(kept)].every(canBeHidden)).toBe(true);
      }),
    );
  });
});

it('of many apps the first are named and the others counted', () => {
  expect(firstOf(['a', 'b', 'c'], 3)).toEqual({ shown: ['a', 'b', 'c'], more: 0 });
  expect(firstOf(['a', 'b', 'c', 'd', 'e'], 3)).toEqual({ shown: ['a', 'b', 'c'], more: 2 });
});
