import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { SessionCountsRow, SessionRow } from '../../src/contract/rows.ts';
import type { Sink } from '../../src/contract/sink.ts';
import type { QuestDbServer } from '../sinks/questdb/server.ts';
import { startedSink } from '../sinks/questdb/under-test.ts';
import { Dashboard } from './dashboard.ts';
import type { PgWire } from './pg-wire.ts';
import { connectAsGrafana, OWNER, startQuestDb } from './running-site.ts';
import { SiteView } from './site-view.ts';
import { counts, session } from './told-rows.ts';

const jar = inject('questdb')?.jar ?? null;
const MINUTE_MS = 60_000;
const NOW = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
const ago = (minutes: number) => NOW - minutes * MINUTE_MS;

/** Two Headcounts that run, `one` and `two`, and one that ended an hour ago and left its sessions open. */
describe.skipIf(jar === null)('with several Headcounts', () => {
  const dashboard = new Dashboard('sense-sessions');
  const sinks: Sink[] = [];
  let server: QuestDbServer;
  let wire: PgWire;
  const view = (from: number, to = NOW + MINUTE_MS) => new SiteView(wire, dashboard, { from, to });

  async function write(store: string, counted: SessionCountsRow[], open: SessionRow[] = []): Promise<void> {
    const sink = await startedSink({ url: server.url, ...OWNER }, store, { site: store });
    sinks.push(sink);
    const { signal } = new AbortController();
    if (counted.length > 0) await sink.write({ table: 'session_counts', rows: counted }, signal);
    if (open.length > 0) await sink.write({ table: 'sessions', rows: open }, signal);
    for (const table of ['session_counts', 'sessions']) await server.settled(table, 'SELECT 1');
  }

  beforeAll(async () => {
    server = await startQuestDb(jar ?? '');
    wire = await connectAsGrafana(server);
    await write(
      'gone',
      [counts(ago(60), null, 9), counts(ago(60), 'c1', 9)],
      [session('c1', 'ghost', ago(120), { openConnections: 1 })],
    );
  }, 120_000);
  afterAll(async () => {
    wire?.close();
    for (const sink of sinks) await sink.stop();
    await server?.dispose();
  });

  it('nothing is known while none has written for three minutes', async () => {
    expect(await view(ago(30)).number('Proxy sessions now')).toBeNull();
    expect(await view(ago(30)).number('Connected users now')).toBeNull();
  });

  describe('of which two run', () => {
    beforeAll(async () => {
      await write(
        'one',
        [
          ...[counts(ago(20), null, 4, [3, null]), counts(ago(20) + 30_000, null, 6, [6, 6])],
          ...[
            counts(ago(20), 'a1', 6),
            counts(ago(19), null, 5, [5, 6]),
            counts(ago(19) + 1, null, 4, [2, 8]),
          ],
          counts(ago(15), null, 5, [4, 8]),
          ...[counts(NOW, null, 5), counts(NOW, 'a1', 3), counts(NOW, 'a2', 2)],
          // A late line changed a second whose levels are no longer known.
          ...[counts(NOW + 1_000, null, null), counts(NOW + 1_000, 'a1', null)],
        ],
        [
          session('a1', 'ann', ago(50), { openConnections: 1 }),
          session('a1', 'bob', ago(40)),
          session('a2', 'eve', ago(45), { endedAt: ago(1), endReason: 'excluded' }),
        ],
      );
      await write(
        'two',
        [
          ...[counts(ago(20), null, 7, [7, 7]), counts(ago(20), 'b1', 7), counts(ago(19), null, 7, [6, 9])],
          ...[counts(ago(15), null, 1), counts(NOW, null, 7), counts(NOW, 'b1', 6)],
          // A node that sends to both.
          counts(NOW, 'a1', 1),
        ],
        [
          session('b1', 'ANN', ago(10), { openConnections: 2 }),
          session('b1', 'carl', ago(35), { openConnections: 1, browser: null }),
          session('b1', 'dave', ago(55), { endedAt: ago(25), endReason: 'stop' }),
        ],
      );
    }, 120_000);

    it('sessions now are those of both, and of the chosen hosts', async () => {
      const now = view(ago(30));
      expect(await now.number('Proxy sessions now')).toBe(12);
      expect(await now.with({ host: ['a1', 'b1'] }).number('Proxy sessions now')).toBe(10);
      expect(await now.with({ host: ['a1'] }).number('Proxy sessions now')).toBe(4);
      expect(await now.with({ host: ['c1'] }).number('Proxy sessions now')).toBe(0);
    });

    it('someone on in both is one user', async () => {
      expect(await view(ago(30)).number('Connected users now')).toBe(2);
      expect(
        await view(ago(30))
          .with({ host: ['b1'] })
          .number('Connected users now'),
      ).toBe(2);
      expect(
        await view(ago(30))
          .with({ host: ['a1'] })
          .number('Connected users now'),
      ).toBe(1);
    });

    it('a curve is the sum of the highest of each, and has a gap where none ran', async () => {
      const rows = await view(ago(21), ago(14)).rows('Active sessions');
      expect(rows.map(({ time, sessions }) => [time, sessions])).toEqual([
        [ago(20), 13],
        [ago(19), 12],
        [ago(18), null],
        [ago(17), null],
        [ago(16), null],
        [ago(15), 6],
      ]);
      // The upper edge was not known all the time; in the end one of them is a Headcount that knew neither.
      expect(rows.map((row) => [row['time'], row['sessions at least'], row['sessions at most']])).toEqual([
        [ago(20), 13, null],
        [ago(19), 11, 17],
        ...[18, 17, 16, 15].map((minutes) => [ago(minutes), null, null]),
      ]);
      const hosts = await view(ago(21), ago(14)).rows('User sessions per host');
      expect(hosts.map(({ host, sessions }) => [host, sessions])).toEqual([
        ['a1', 6],
        ['b1', 7],
      ]);
    });

    it('the peak is that of both at one time', async () => {
      const rows = await view(ago(21), ago(14)).rows('Peaks by hour of day');
      expect(Math.max(...rows.map(({ sessions }) => Number(sessions)))).toBe(13);
    });

    it('sessions of one that runs no more are open until then', async () => {
      const onAt = async (minutes: number) =>
        (
          await view(ago(130))
            .with({ at: new Date(ago(minutes)).toISOString() })
            .rows('Who was on at')
        ).map(({ user }) => user);
      expect(await onAt(61)).toEqual(['ghost']);
      expect(await onAt(30)).toEqual(['dave', 'ann', 'bob', 'carl']);
      // Who ended at that moment was gone.
      expect(await onAt(25)).toEqual(['ann', 'bob', 'carl']);
      expect(await onAt(0)).toEqual(['ann', 'bob', 'carl', 'ANN']);
      const longest = await view(ago(130)).rows('Longest sessions');
      expect(longest[0]).toMatchObject({ user: 'ghost', duration: 3_600 });
      const users = (await view(ago(30)).rows('Longest sessions')).map(({ user }) => user);
      expect(users).toEqual(['ann', 'bob', 'carl', 'dave', 'ANN']);
    });

    it('someone with two browsers counts in both, and nobody twice in one', async () => {
      expect(await view(ago(30)).rows('Users per browser')).toEqual([
        { browser: 'Firefox', users: 3 },
        { browser: 'unknown', users: 1 },
      ]);
    });
  });
});
