import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fixedAppNames } from '../../src/contract/app-names.ts';
import { EVENTS_IN_BLOCK } from '../../src/journal/event-blocks.ts';
import { Queries } from '../../src/journal/read/queries.ts';
import { seriesOf } from '../../src/journal/read/series-query.ts';
import { UserAgents } from '../../src/journal/read/user-agents.ts';
import { SESSIONS_IN_BLOCK } from '../../src/journal/session-blocks.ts';
import { eventAt } from '../intake/event-under-test.ts';
import { EPOCH, SETTINGS } from '../sessions/model/event-arbitrary.ts';
import { StoredSite } from './stored-site.ts';

const NO_FILTER = {
  ...{ user: null, host: null, virtualProxy: null, app: null, from: null, to: null },
  ...{ limit: 10_000, cursor: null },
};

let stored: StoredSite;
beforeEach(() => {
  stored = new StoredSite(SETTINGS);
});
afterEach(() => stored.dispose());

/** SQLite refuses the last statement of a commit; some errors of its own (a full disk) roll back by themselves. */
function failsOnce(how: string, commit: () => void): void {
  stored.database.exec(
    `CREATE TRIGGER failing BEFORE INSERT ON checkpoint BEGIN SELECT RAISE(${how}, 'disk full'); END`,
  );
  expect(commit).toThrow('disk full');
  expect(stored.database.isTransaction).toBe(false);
  stored.database.exec('DROP TRIGGER failing');
}

/** So many sessions of users of their own, each with an app of its own, on one host. */
function sessions(count: number, host: string, from: number): void {
  for (let n = 0; n < count; n += 1) {
    const user = { directory: 'LAB', id: `${host}-user${n}` };
    stored.apply(eventAt('session_start', from + n, { host, user, virtualProxy: host }));
    stored.apply(eventAt('connection_open', from + n, { host, user, appId: `${host}-app${n % 3}` }));
  }
}

const questions = () => {
  const queries = new Queries(stored.database, fixedAppNames(new Map()), new UserAgents());
  return {
    events: (filter: object) => queries.events({ ...NO_FILTER, kind: null, ...filter }).items.length,
    sessions: (filter: object) =>
      queries.sessions({ filters: { ...NO_FILTER, active: null, at: null, ...filter }, now: EPOCH }).items
        .length,
  };
};

describe.each(['ABORT', 'FAIL', 'ROLLBACK'])('a commit that SQLite ends with %s', (how) => {
  it('leaves nothing behind, and is whole when it is tried again', () => {
    sessions(10, 'old', EPOCH);
    stored.commit(EPOCH + 1_000, true);
    // Beyond the block that is in progress, of events and of sessions, with names and dimensions that are new.
    const count = Math.max(EVENTS_IN_BLOCK / 2, SESSIONS_IN_BLOCK) + 100;
    sessions(count, 'fresh', EPOCH + 2_000);
    const batch = stored.batch(EPOCH + 10_000, true);
    failsOnce(how, () => stored.write(batch));
    const rows = (table: string) =>
      stored.database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n'];
    expect([rows('events'), rows('sessions'), rows('connections')]).toEqual([20, 10, 10]);
    expect(questions().events({})).toBe(20);
    stored.write(batch);
    sessions(20, 'later', EPOCH + 20_000);
    stored.commit(EPOCH + 30_000, true);
    const { events, sessions: found } = questions();
    expect([events({ host: 'old' }), events({ host: 'fresh' }), events({ host: 'later' })]).toEqual([
      ...[20, 2 * count, 40],
    ]);
    expect([found({ host: 'old' }), found({ host: 'fresh' }), found({ host: 'later' })]).toEqual([
      10,
      count,
      20,
    ]);
    // Each block that is full says whom it is about, so that a search need not look into it.
    for (const table of ['session_blocks', 'event_blocks']) {
      const blocks = stored.database.prepare(`SELECT block, users IS NULL AS isOpen FROM ${table}`).all();
      expect(blocks.length).toBeGreaterThan(1);
      expect(blocks.map(({ isOpen }) => isOpen)).toEqual(
        blocks.map((_, n) => (n === blocks.length - 1 ? 1 : 0)),
      );
    }
    for (const host of ['old', 'fresh', 'later']) {
      const user = { directory: 'lab', id: `${host}-user5` };
      expect([events({ user }), found({ user }), found({ virtualProxy: host, user })]).toEqual([2, 1, 1]);
    }
    expect([found({ app: 'fresh-app0' }), found({ app: 'later-app0' })]).toEqual([Math.ceil(count / 3), 7]);
  });

  it('of another batch than the one that comes next forgets what was only in it', () => {
    sessions(10, 'old', EPOCH);
    stored.commit(EPOCH + 1_000, true);
    const first = stored.batch(EPOCH + 2_000, true);
    sessions(EVENTS_IN_BLOCK / 2 + 100, 'lost', EPOCH + 2_000);
    const lost = stored.batch(EPOCH + 10_000, true);
    failsOnce(how, () => stored.write(lost));
    stored.write(first);
    const blocks = stored.database.prepare('SELECT block FROM event_blocks').all();
    expect(blocks).toEqual([{ block: 0 }]);
    expect(stored.database.prepare('SELECT block FROM session_blocks').all()).toEqual([{ block: 0 }]);
    // As after a crash: what was lost comes once more, under the same numbers.
    stored.killAndRestart();
    sessions(30, 'again', EPOCH + 2_000);
    stored.commit(EPOCH + 20_000, true);
    const { events, sessions: found } = questions();
    expect([events({ host: 'again' }), found({ host: 'again' }), events({ host: 'lost' })]).toEqual([
      60, 30, 0,
    ]);
  });

  it('does not take the points of what is new along', () => {
    stored.site.started(0);
    sessions(3, 'old', EPOCH);
    stored.site.tick(EPOCH + 1_000);
    stored.commit(EPOCH + 1_000, true);
    sessions(6, 'fresh', EPOCH + 1_000);
    stored.site.tick(EPOCH + 2_000);
    const batch = stored.batch(EPOCH + 2_000, true);
    failsOnce(how, () => stored.write(batch));
    // Another dimension gets the number that the new one had before.
    stored.database.exec("INSERT INTO dimensions (name) VALUES ('app:elsewhere')");
    stored.write(batch);
    const lastOf = (dimension: Parameters<typeof seriesOf>[2]) =>
      seriesOf(stored.database, '60s', dimension, EPOCH + 2_000).points.at(-1);
    expect(lastOf('host:fresh')).toMatchObject({ created: 6, active: 6, users: 6, connections: 6 });
    expect(lastOf('app:fresh-app0')).toMatchObject({ created: 2, active: 2, users: 2 });
    expect(lastOf('app:elsewhere')).toMatchObject({ created: 0, active: 0, users: 0 });
  });
});
