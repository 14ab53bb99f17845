import { expect, it } from 'vitest';
import { eventAt } from '../intake/event-under-test.ts';
import { EPOCH, SETTINGS } from '../sessions/model/event-arbitrary.ts';
import { StoredSite } from './stored-site.ts';

it('in a minute in which nothing happens nothing is logged for sinks but that it is so, once', () => {
  const stored = new StoredSite(SETTINGS);
  try {
    stored.site.started(0);
    stored.apply(eventAt('session_start', EPOCH, { virtualProxy: 'vp' }));
    stored.apply(eventAt('connection_open', EPOCH, { virtualProxy: 'vp' }));
    const secondsIn = (table: string): number[] =>
      stored.database
        .prepare(`SELECT DISTINCT at FROM ${table} ORDER BY at`)
        .all()
        .map(({ at }) => Number(at) - EPOCH / 1_000);
    for (let second = 1; second <= 130; second += 1) {
      stored.site.tick(EPOCH + second * 1_000);
      stored.commit(EPOCH + second * 1_000, true);
    }
    // When it was opened, and each minute.
    expect(secondsIn('counts')).toEqual([0, 60, 120]);
    const rows = stored.database.prepare('SELECT count(*) AS n FROM counts GROUP BY at').all();
    // The whole, the host, the virtual proxy and the app.
    expect(rows.map(({ n }) => n)).toEqual([4, 4, 4]);
    expect(stored.database.prepare('SELECT count(*) AS n FROM session_changes').get()).toEqual({ n: 1 });
    expect(stored.database.prepare('SELECT count(*) AS n FROM event_changes').get()).toEqual({ n: 0 });
  } finally {
    stored.dispose();
  }
});
