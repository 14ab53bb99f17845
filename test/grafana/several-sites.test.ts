import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { SessionCountsRow, SessionRow } from '../../src/contract/rows.ts';
import type { Sink } from '../../src/contract/sink.ts';
import type { QuestDbServer } from '../sinks/questdb/server.ts';
import { startedSink } from '../sinks/questdb/under-test.ts';
import { NEVER } from '../sinks/rows-under-test.ts';
import { Dashboard } from './dashboard.ts';
import type { PgWire } from './pg-wire.ts';
import { connectAsGrafana, OWNER, startQuestDb } from './running-site.ts';
import { SiteView } from './site-view.ts';
import { counts, session } from './told-rows.ts';

const jar = inject('questdb')?.jar ?? null;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const NOW = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
const ago = (minutes: number) => NOW - minutes * MINUTE_MS;
const happened = (at: number, name: string, created: number): SessionCountsRow => ({
  ...counts(at, name, created),
  created,
});

/**
 * Berlin has two Headcounts, of which one has ended ten minutes ago; Paris has one; and a central one has Rome, and a little of Oslo. A former one
 * of Berlin had ended before any of them began.
 */
describe.skipIf(jar === null)('dashboards of several sites', () => {
  const dashboard = new Dashboard('sense-sessions');
  const applications = new Dashboard('application-sessions');
  const sinks: Sink[] = [];
  let server: QuestDbServer;
  let wire: PgWire;
  const view = (from = ago(30), to = NOW + MINUTE_MS) => new SiteView(wire, dashboard, { from, to });
  const at = (site: string, from?: number) => view(from).with({ site: [site] });

  async function write(
    store: string,
    site: string,
    counted: SessionCountsRow[],
    known: SessionRow[] = [],
  ): Promise<void> {
    const sink = await startedSink({ url: server.url, ...OWNER }, store, { site });
    sinks.push(sink);
    await sink.write({ table: 'session_counts', rows: counted }, NEVER);
    if (known.length > 0) await sink.write({ table: 'sessions', rows: known }, NEVER);
    for (const table of ['session_counts', 'sessions']) await server.settled(table, 'SELECT 1');
  }

  beforeAll(async () => {
    server = await startQuestDb(jar ?? '');
    wire = await connectAsGrafana(server);
    const connected = { openConnections: 1 };
    const [ann, bob, old] = [
      session('b1', 'ann', ago(50), connected),
      session('b1', 'bob', ago(45), connected),
      session('b1', 'old', NOW - 3 * DAY_MS, connected),
    ];
    await write(
      'former',
      'berlin',
      [counts(ago(200), null, 1), counts(ago(200), 'b1', 1)],
      [session('b1', 'ghost', ago(210), connected)],
    );
    await write(
      'first',
      'berlin',
      [
        ...[counts(ago(60), null, 2, [2, 2]), counts(ago(60), 'b1', 2)],
        ...[happened(ago(20), 'b1', 3), counts(ago(20), null, 3, [3, 3])],
        ...[counts(ago(10), null, 2), counts(ago(10), 'b1', 2)],
      ],
      [ann, bob, old],
    );
    await write(
      'second',
      'berlin',
      [
        ...[counts(ago(60), null, 1), happened(ago(20), 'b1', 2), counts(ago(20), null, 2, [1, 4])],
        ...[counts(NOW, null, 2), counts(NOW, 'b1', 2)],
      ],
      [{ ...bob, endedAt: ago(5), endExact: true, endReason: 'stop' }],
    );
    await write(
      'paris',
      'paris',
      [happened(ago(20), 'p1', 5), counts(ago(20), null, 5), counts(NOW, null, 4), counts(NOW, 'p1', 4)],
      [session('p1', 'eve', ago(40), connected)],
    );
    await write(
      'centre',
      'main',
      [
        ...[counts(ago(20), null, 8), counts(ago(20), 'rome/r1', 4), counts(ago(20), 'rome/r2', 3)],
        ...[counts(ago(20), 'oslo/o1', 1), counts(NOW, null, 7), counts(NOW, 'rome/r1', 7)],
      ],
      [
        session('rome/r1', 'max', ago(40), connected),
        session('oslo/app', 'lea', ago(40), { ...connected, application: true }),
      ],
    );
  }, 120_000);
  afterAll(async () => {
    wire?.close();
    for (const sink of sinks) await sink.stop();
    await server?.dispose();
  });

  it('offer the sites that their hosts are of, and hosts of the chosen ones', async () => {
    expect(await view().variable('site')).toEqual(['berlin', 'oslo', 'paris', 'rome']);
    expect(await view().variable('host')).toEqual(['b1', 'oslo/o1', 'p1', 'rome/r1', 'rome/r2']);
    expect(await at('rome').variable('host')).toEqual(['rome/r1', 'rome/r2']);
    const apps = new SiteView(wire, applications, { from: ago(60), to: NOW });
    expect(await apps.variable('site')).toEqual(['oslo']);
    expect(await apps.with({ site: ['rome'] }).variable('host')).toEqual([]);
  });

  it('count sessions of two Headcounts of a site once', async () => {
    expect(await view().number('Proxy sessions now')).toBe(13);
    expect(await at('berlin').number('Proxy sessions now')).toBe(2);
    expect(await at('paris').number('Proxy sessions now')).toBe(4);
    expect(await at('rome').number('Proxy sessions now')).toBe(7);
    expect(
      await at('rome')
        .with({ host: ['rome/r2'] })
        .number('Proxy sessions now'),
    ).toBe(0);
  });

  it('show curves of all sites, and of the chosen one, where it is one of a central Headcount, too', async () => {
    const curve = async (of: SiteView) =>
      (await of.rows('Active sessions'))
        .filter(({ sessions }) => sessions !== null)
        .map(({ time, sessions }) => [Math.round((NOW - Number(time)) / MINUTE_MS), sessions]);
    expect((await curve(view()))[0]).toEqual([20, 16]);
    expect(await curve(at('berlin'))).toEqual([
      [20, 3],
      [10, 2],
      [0, 2],
    ]);
    expect((await curve(at('rome')))[0]).toEqual([20, 7]);
    const [band] = (await at('berlin').rows('Active sessions')).filter(({ sessions }) => sessions !== null);
    expect([band?.['sessions at least'], band?.['sessions at most']]).toEqual([3, 4]);
    const peaks = async (of: SiteView) =>
      Math.max(...(await of.rows('Peaks by hour of day')).map(({ sessions }) => Number(sessions)));
    expect([await peaks(view()), await peaks(at('paris')), await peaks(at('rome'))]).toEqual([16, 5, 7]);
    const hosts = (await at('berlin').rows('User sessions per host')).map(({ sessions }) => sessions);
    expect(Math.max(...hosts.map(Number))).toBe(3);
  });

  it('add up once what happened', async () => {
    const created = async (of: SiteView) =>
      (await of.rows('Sessions created, destroyed and rejected')).reduce(
        (sum, row) => sum + Number(row['created']),
        0,
      );
    expect(await created(view())).toBe(8);
    expect(await created(at('berlin'))).toBe(3);
    expect(await created(at('rome'))).toBe(0);
  });

  it('know of sessions as long as one Headcount of the site does that was there with them', async () => {
    const onAt = async (of: SiteView, minutes: number) =>
      (await of.with({ at: new Date(ago(minutes)).toISOString() }).rows('Who was on at'))
        .map(({ user }) => String(user))
        .toSorted();
    expect(await onAt(at('berlin'), 30)).toEqual(['ann', 'bob', 'old']);
    // The one that wrote it last has ended, and it was silent for days.
    expect(await onAt(at('berlin'), 3)).toEqual(['ann']);
    expect(await onAt(at('berlin'), 205)).toEqual(['ghost', 'old']);
    expect(await onAt(view(), 3)).toEqual(['ann', 'eve', 'lea', 'max']);
    expect(await onAt(at('rome'), 3)).toEqual(['max']);
    expect(await view().number('Connected users now')).toBe(4);
    expect(await at('berlin').number('Connected users now')).toBe(1);
    const users = (await at('berlin').rows('Longest sessions')).map(({ user }) => user);
    expect(users.toSorted()).toEqual(['ann', 'bob', 'old']);
  });

  it('show applications of all sites, and of the chosen one', async () => {
    const of = new SiteView(wire, applications, { from: ago(60), to: NOW + MINUTE_MS });
    expect(await of.number('Online now')).toBe(1);
    expect(await of.with({ site: ['rome'] }).number('Online now')).toBe(0);
    const rows = await of.with({ site: ['oslo'] }).rows('Sessions of applications');
    expect(rows.map(({ user, state }) => [user, state])).toEqual([['lea', 'online']]);
  });

  it('answer with every panel for one site', async () => {
    for (const [board, titles] of [
      [dashboard, dashboard.sqlQueries],
      [applications, applications.sqlQueries],
    ] as const) {
      const of = new SiteView(wire, board, { from: ago(60), to: NOW + MINUTE_MS }).with({
        site: ["be'rlin", 'paris'],
        host: ['p1'],
      });
      for (const { panel } of titles) expect(await of.rows(panel.title ?? '')).toBeInstanceOf(Array);
    }
  });
});
