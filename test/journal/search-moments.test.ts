import { afterAll, beforeAll, expect, it } from 'vitest';
import { findSessions } from '../../src/journal/read/sessions/session-search.ts';
import { eventAt } from '../intake/event-under-test.ts';
import { EPOCH, SETTINGS } from '../sessions/model/event-arbitrary.ts';
import { StoredSite } from './stored-site.ts';

const NO_FILTER = {
  ...{ user: null, host: null, virtualProxy: null, app: null, from: null, to: null, active: null, at: null },
  ...{ limit: 100, cursor: null },
};
/** One session with an app from 2 s to 6 s of its 1 s to 9 s. */
const [STARTED, OPENED, CLOSED, ENDED] = [1_000, 2_000, 6_000, 9_000] as const;

let stored: StoredSite;
beforeAll(() => {
  stored = new StoredSite(SETTINGS);
  stored.apply(eventAt('session_start', EPOCH + STARTED));
  stored.apply(eventAt('connection_open', EPOCH + OPENED, { appId: 'first' }));
  stored.apply(eventAt('connection_close', EPOCH + CLOSED, { appId: 'first' }));
  stored.apply(eventAt('connection_open', EPOCH + CLOSED, { appId: 'second' }));
  stored.apply(eventAt('session_stop', EPOCH + ENDED));
  stored.commit(EPOCH + 10_000, true);
});
afterAll(() => stored.dispose());

const isFound = (filter: object): boolean =>
  [...findSessions(stored.database, { ...NO_FILTER, ...filter })].length === 1;

it.each([
  [STARTED - 1, false],
  [STARTED, true],
  [ENDED - 1, true],
  [ENDED, false],
])('a session is on from the moment it started until just before it ended (%i ms: %s)', (at, isOn) => {
  expect(isFound({ at: EPOCH + at })).toBe(isOn);
});

it.each([
  [OPENED - 1, false],
  [OPENED, true],
  [CLOSED - 1, true],
  [CLOSED, false],
])('and uses an app from the moment it opened it until just before it closed it (%i ms: %s)', (at, isOn) => {
  expect(isFound({ at: EPOCH + at, app: 'first' })).toBe(isOn);
  // Whichever way the search goes.
  expect(isFound({ at: EPOCH + at, app: 'first', user: { directory: null, id: 'ANNA' } })).toBe(isOn);
  expect(isFound({ at: EPOCH + at, app: 'second' })).toBe(at >= CLOSED);
});

it.each([
  [ENDED, ENDED + 1, true],
  [ENDED + 1, ENDED + 2, false],
  [0, STARTED, false],
  [0, STARTED + 1, true],
])(
  'and was on in a time that it reaches into, its end included (from %i to %i ms: %s)',
  (from, to, wasOn) => {
    expect(isFound({ from: EPOCH + from, to: EPOCH + to })).toBe(wasOn);
  },
);
