import { afterEach, beforeEach, expect, it } from 'vitest';
import { seriesOf } from '../../../src/journal/read/series-query.ts';
import type { Dimension } from '../../../src/sessions/series.ts';
import { SETTINGS } from '../../sessions/model/event-arbitrary.ts';
import { StoredSite } from '../stored-site.ts';
import { copyKeptStore, keptAnswers } from '../stores/stored-answers.ts';

let stored: StoredSite;
beforeEach(() => {
  stored = new StoredSite(SETTINGS);
});
afterEach(() => stored.dispose());

const UNBOUNDED = { sessionsLow: null, sessionsHigh: null, usersLow: null, usersHigh: null };

it.each([2, 3])(
  'a store of format %i, which knew no bounds, says so of then, and knows them from the first second on',
  (format) => {
    const { now } = keptAnswers(format);
    stored.replace((directory) => copyKeptStore(format, directory));
    stored.site.started(now - 1_000);
    stored.site.tick(now);
    stored.commit(now, true);
    for (const dimension of ['all', 'host:node1', 'host:numbered'] satisfies Dimension[]) {
      const { points } = seriesOf(stored.database, '1h', dimension, now + 4_000);
      const known = points.filter(({ active }) => active !== null);
      const last = known.pop();
      expect(known.length).toBeGreaterThan(0);
      for (const point of known) expect(point).toMatchObject(UNBOUNDED);
      const host = stored.site.identities.hosts.get(dimension.replace('host:', ''));
      const { bounds } =
        host === undefined ? stored.site.quality.at(now) : stored.site.quality.ofHost(host, now);
      expect(last).toMatchObject({
        sessionsLow: bounds.sessions.low,
        sessionsHigh: bounds.sessions.high,
        usersLow: bounds.users.low,
        usersHigh: bounds.users.high,
      });
    }
  },
);
