import { afterEach, beforeEach, expect, it } from 'vitest';
import { fixedAppNames } from '../../src/contract/app-names.ts';
import { Queries } from '../../src/journal/read/queries.ts';
import { UserAgents } from '../../src/journal/read/user-agents.ts';
import { eventAt } from '../intake/event-under-test.ts';
import { EPOCH, SETTINGS } from '../sessions/model/event-arbitrary.ts';
import { StoredSite } from './stored-site.ts';

/** As many connections and events are told of one session. */
const MOST = 1_000;

let stored: StoredSite;
beforeEach(() => {
  stored = new StoredSite(SETTINGS);
});
afterEach(() => stored.dispose());

interface Detail {
  readonly connections: readonly { readonly appId: string }[];
  readonly timeline: readonly { readonly seq: number }[];
  readonly truncated: boolean;
}

/** A session with so many connections, as one asks for it by its id. */
function detailOf(connections: number): Detail {
  stored.apply(eventAt('session_start', EPOCH));
  for (let n = 1; n <= connections; n += 1) {
    stored.apply(eventAt('connection_open', EPOCH + n, { appId: `app${n}` }));
  }
  stored.commit(EPOCH + 10_000, true);
  const store = stored.database.prepare("SELECT value FROM meta WHERE key = 'store'").get()?.['value'];
  const queries = new Queries(stored.database, fixedAppNames(new Map()), new UserAgents());
  return queries.session(`${store}-1`, EPOCH + 10_000) as unknown as Detail;
}

it('of a session with more connections than are told one hears of the latest, oldest first, and that there are more', () => {
  const { connections, timeline, truncated } = detailOf(MOST + 1);
  expect([connections.length, timeline.length, truncated]).toEqual([MOST, MOST, true]);
  expect([connections[0]?.appId, connections.at(-1)?.appId]).toEqual(['app2', `app${MOST + 1}`]);
  expect([timeline[0]?.seq, timeline.at(-1)?.seq]).toEqual([3, MOST + 2]);
});

it('of a session with just so many one hears of all', () => {
  const { connections, truncated } = detailOf(MOST);
  expect([connections.length, connections[0]?.appId, truncated]).toEqual([MOST, 'app1', false]);
});

it('a session is known by its own id alone', () => {
  detailOf(2);
  const store = stored.database.prepare("SELECT value FROM meta WHERE key = 'store'").get()?.['value'];
  const queries = new Queries(stored.database, fixedAppNames(new Map()), new UserAgents());
  const wrong = [
    '1',
    `${store}-2`,
    `${store}-1-1`,
    `${store}-`,
    `${store}-x`,
    '0123456789ab-1',
    `${store}-0`,
  ];
  expect(wrong.map((id) => queries.session(id, EPOCH))).toEqual(wrong.map(() => null));
});
