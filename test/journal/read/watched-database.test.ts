import { afterAll, beforeAll, expect, it } from 'vitest';
import { fixedAppNames } from '../../../src/contract/app-names.ts';
import { journalFile } from '../../../src/journal/journal-file.ts';
import { Queries } from '../../../src/journal/read/queries.ts';
import { UserAgents } from '../../../src/journal/read/user-agents.ts';
import { WatchedDatabase } from '../../../src/journal/read/watched-database.ts';
import { eventAt } from '../../intake/event-under-test.ts';
import { EPOCH, SETTINGS } from '../../sessions/model/event-arbitrary.ts';
import { StoredSite } from '../stored-site.ts';

const ANY = {
  ...{ user: null, host: null, virtualProxy: null, app: null, from: null, to: null, active: null, at: null },
  ...{ limit: 100, cursor: null, kind: null },
};

let stored: StoredSite;
beforeAll(() => {
  stored = new StoredSite(SETTINGS);
  for (let n = 0; n < 20; n += 1) {
    const user = { directory: 'LAB', id: `user${n}` };
    stored.apply(eventAt('connection_open', EPOCH + n, { user, appId: `app${n % 3}`, host: `qs${n % 2}` }));
  }
  stored.commit(EPOCH + 1_000, true);
});
afterAll(() => stored.dispose());

it('a question that is given up at any of its statements leaves nothing behind', () => {
  let left = Number.POSITIVE_INFINITY;
  const database = new WatchedDatabase(journalFile(stored.directory), () => {
    left -= 1;
    if (left < 0) throw new Error('given up');
  });
  const queries = new Queries(database, fixedAppNames(new Map()), new UserAgents());
  const answer = () => [
    queries.sessions({ filters: { ...ANY, host: 'qs1' }, now: EPOCH }),
    queries.events({ ...ANY, app: 'app2' }),
  ];
  const asked = (most: number) => {
    left = most;
    try {
      database.exec('BEGIN');
      queries.items.renew();
      return answer();
    } finally {
      if (database.isTransaction) database.exec('COMMIT');
    }
  };
  const whole = asked(Number.POSITIVE_INFINITY);
  let statements = 0;
  for (;;) {
    let isWhole = true;
    try {
      expect(asked(statements)).toEqual(whole);
    } catch (error) {
      expect(error).toEqual(new Error('given up'));
      isWhole = false;
    }
    expect(asked(Number.POSITIVE_INFINITY)).toEqual(whole);
    if (isWhole) break;
    statements += 1;
  }
  // A row each, at least.
  expect(statements).toBeGreaterThan(20);
  database.close();
});
