import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { Dashboard } from './dashboard.ts';
import { RunningSite } from './running-site.ts';
import { SiteView } from './site-view.ts';

const jar = inject('questdb')?.jar ?? null;
const MINUTE_MS = 60_000;

const HOSTILE = [
  "o'brien",
  "x'); drop table sessions; --",
  "' or '1'='1",
  '$__timefilter(ts)',
  `\${at}`,
  'back\\slash\\',
  'größe-日本',
  'x%_*?',
];
/** Grafana puts a backslash before a double quote, and so finds nothing. */
const QUOTED = ['a"b', `both'"`];
const MACROS = ['$__timeFilter(ts)', '$__conditionalAll(1=1, $host)', "$__timeFilter(ts') OR 1=1 --)"];

/** Nobody leaves, and no proxy was asked who is on. */
const LACKING = new Set(['Average session duration', 'Users per virtual proxy']);

describe.skipIf(jar === null)('whatever a host is called', () => {
  const dashboard = new Dashboard('sense-sessions');
  let site: RunningSite;
  let view: SiteView;

  beforeAll(async () => {
    site = await RunningSite.start(jar ?? '');
    const visit = (host: string) => [
      { type: 'session_start', host, user: { directory: 'LAB', id: `<img src=x onerror=alert(1)> ${host}` } },
      {
        type: 'connection_open',
        host,
        user: { directory: 'LAB', id: `<img src=x onerror=alert(1)> ${host}` },
        appId: 'a1',
      },
    ];
    await site.post([...HOSTILE, ...QUOTED].flatMap(visit));
    await site.settle();
    const now = Date.now();
    view = new SiteView(site.wire, dashboard, { from: now - 30 * MINUTE_MS, to: now + 5 * MINUTE_MS });
  }, 120_000);
  afterAll(() => site?.stop());

  it('the list of hosts has its name', async () => {
    expect((await view.variable('host')).toSorted()).toEqual([...HOSTILE, ...QUOTED].toSorted());
  });

  it.each(HOSTILE)('it can be chosen: %s', async (host) => {
    const chosen = view.with({ host: [host] });
    for (const { title } of dashboard.panels) {
      const rows = await chosen.rows(title);
      if (!LACKING.has(title)) expect(rows, title).not.toHaveLength(0);
    }
    const rows = await chosen.rows('Who was on at');
    expect(rows.map((row) => row['host'])).toEqual([host]);
    expect(await chosen.number('Connected users now')).toBe(1);
  });

  it.each([...QUOTED, ...MACROS])('it finds nothing and breaks nothing: %s', async (host) => {
    const chosen = view.with({ host: [host] });
    for (const { title } of dashboard.panels) await chosen.rows(title);
    expect(await chosen.rows('Who was on at')).toEqual([]);
  });

  it('all together are one list', async () => {
    const chosen = view.with({ host: HOSTILE });
    expect(await chosen.number('Connected users now')).toBe(HOSTILE.length);
  });

  it('a moment is a text too', async () => {
    for (const at of ["' OR 1=1 --", "2026-01-01'; DROP TABLE sessions; --", '$__toTime', '"']) {
      const [row, ...more] = await view.with({ at }).rows('Who was on at');
      // Nobody, but the word that it is no time.
      expect([row?.['at'], row?.['host'], more]).toEqual([null, null, []]);
    }
    expect(await view.rows('Who was on at')).toHaveLength(HOSTILE.length + QUOTED.length);
  });

  it('Grafana may only read', async () => {
    await expect(site.wire.query('DROP TABLE sessions')).rejects.toThrow(/denied/);
    await expect(site.wire.query('INSERT INTO sessions (first_seen_at) VALUES (now())')).rejects.toThrow(
      /denied/,
    );
  });
});
