import { afterEach, beforeEach, expect, it } from 'vitest';
import { KINDS, type UserEvent } from '../../src/contract/event.ts';
import { EVENTS_IN_BLOCK } from '../../src/journal/event-blocks.ts';
import { hasAny } from '../../src/journal/marks.ts';
import { StoredSite } from './stored-site.ts';

const NOON = Date.parse('2026-05-19T12:00:00Z');
const MINUTE_MS = 60_000;

let store: StoredSite;
beforeEach(() => {
  store = new StoredSite({ timeoutMs: 30 * MINUTE_MS, graceMs: 5 * MINUTE_MS, maxAgeMs: 1_440 * MINUTE_MS });
});
afterEach(() => store.dispose());

const event = (n: number): UserEvent => ({
  kind: KINDS[n % 7] ?? 'session_start',
  // Late ones among them.
  at: NOON + n * 10 - (n % 100 === 0 ? 3_600_000 : 0),
  originalAt: null,
  timed: true,
  receivedAt: NOON + n * 10,
  host: `qs${n % 3}`,
  user: n % 11 === 0 ? null : { directory: 'LAB', id: `u${n % 997}` },
  origin: null,
  context: null,
  appId: n % 5 === 0 ? null : `app${n % 13}`,
  virtualProxy: n % 2 === 0 ? 'sales' : null,
  sessionKey: null,
  rowNumber: null,
  result: 0,
  userAgent: null,
  message: null,
  reason: n % 7 === 4 ? 'denied' : null,
  eventId: null,
});

interface Block {
  readonly atFrom: number;
  readonly atTo: number;
  readonly kinds: number;
  readonly users: ReadonlySet<number>;
  readonly strings: ReadonlySet<number>;
}

/** The same, by looking at every event. */
function expected(block: number): Block {
  const rows = store.database
    .prepare('SELECT kind, at, user, host, app, virtual_proxy AS proxy FROM events WHERE seq BETWEEN ? AND ?')
    .all(block * EVENTS_IN_BLOCK, (block + 1) * EVENTS_IN_BLOCK - 1);
  const of = (column: string) => rows.map((row) => Number(row[column]));
  return {
    atFrom: Math.min(...of('at')),
    atTo: Math.max(...of('at')),
    kinds: of('kind').reduce((bits, kind) => bits | (1 << kind), 0),
    users: new Set(of('user')),
    strings: new Set([...of('host'), ...of('app'), ...of('proxy')]),
  };
}

it('blocks of events say what is in them, whatever batches they came in and wherever the program was killed', () => {
  const count = 3 * EVENTS_IN_BLOCK + 100;
  const kills = new Set([100, 5_008, 9_999]);
  for (let n = 0; n < count; n += 1) {
    store.apply(event(n));
    if (n % 313 === 0) store.commit(NOON + n * 10, n % 2 === 0);
    // Now and then in the middle of a block, and of a batch that is lost and comes again.
    if (kills.delete(n)) {
      store.killAndRestart();
      n = store.lastSeq - 1;
    }
  }
  store.commit(NOON, true);
  const blocks = store.database.prepare('SELECT * FROM event_blocks ORDER BY block').all();
  expect(blocks.map(({ block }) => block)).toEqual([0, 1, 2, 3]);
  for (const { block, at_from: atFrom, at_to: atTo, kinds, users, strings } of blocks) {
    const { users: ofUsers, strings: ofStrings, ...rest } = expected(Number(block));
    expect({ atFrom, atTo, kinds }).toEqual(rest);
    if (Number(block) === 3) expect([users, strings]).toEqual([null, null]);
    else {
      for (let n = 0; n < 3_000; n += 1) {
        expect(hasAny(users as Uint8Array, [n])).toBe(ofUsers.has(n));
        expect(hasAny(strings as Uint8Array, [n])).toBe(ofStrings.has(n));
      }
    }
  }
});

it('an empty list of names is in no block', () => {
  expect(hasAny(new Uint8Array(0), [0, 1])).toBe(false);
  expect(hasAny(new Uint8Array(new Uint32Array([1, 2]).buffer), [])).toBe(false);
});
