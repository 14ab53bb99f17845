import { createSocket } from 'node:dgram';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { isInstalled } from '../api/metrics/installed.ts';
import { Prometheus, type Series } from '../api/metrics/prometheus.ts';
import { until } from '../program/program.ts';
import { row, StandInQps } from '../receivers/qps/stand-in.ts';
import { Dashboard } from './dashboard.ts';
import { RunningSite } from './running-site.ts';
import { SiteView } from './site-view.ts';

const jar = inject('questdb')?.jar ?? null;
const HOUR_MS = 3_600_000;
const HOSTILE = 'a"b\\{{ $labels }}';
/** Only where the operator gives up rows that retention reaches, and where lines are numbered. */
const MAY_BE_EMPTY = ['given up {{sink}} {{table}} {{reason}}', 'rows missing {{host}}'];

describe.skipIf(jar === null)('Ingest health', () => {
  const dashboard = new Dashboard('ingest-health');
  let site: RunningSite;
  let polled: StandInQps;

  beforeAll(async () => {
    polled = await StandInQps.start();
    polled.sessions.set('', [row('anna')]);
    polled.faults.set('sales', { status: 500 });
    site = await RunningSite.start(jar ?? '', 'blacklist: [{ directory: INTERNAL }]\n', polled);
  }, 120_000);
  afterAll(async () => {
    await site?.stop();
    await polled?.stop();
  });

  const visit = (n: number) => ({ directory: 'LAB', id: `user${n}` });

  /** One of everything that can become of a message. */
  async function send(n: number): Promise<void> {
    const start = { type: 'session_start', user: visit(n), host: 'node1', id: `start-${n}` };
    await site.post([
      start,
      start,
      { ...start, id: `other-${n}`, user: { directory: 'INTERNAL', id: 'sa' } },
    ]);
    await site.post([{ type: 'heartbeat' }, { type: 'session_stop', user: visit(-n), host: HOSTILE }]);
    const socket = createSocket('udp4');
    await new Promise((sent) => socket.send('no event', site.program.udpPort, '127.0.0.1', sent));
    socket.close();
  }

  it('tables of QuestDB are not suspended, and events take as long as they took', async () => {
    const at = new Date(Date.now() - HOUR_MS).toISOString();
    await site.post([{ type: 'session_start', user: visit(0), host: 'late', at }]);
    await site.settle();
    const now = Date.now();
    const view = new SiteView(site.wire, dashboard, { from: now - 2 * HOUR_MS, to: now });
    expect((await view.rows('QuestDB tables')).map(({ name, suspended }) => [name, suspended])).toEqual([
      ['session_counts', false],
      ['session_events', false],
      ['session_snapshots', false],
      ['sessions', false],
      ['snapshot_sessions', false],
    ]);
    const delays = await view.rows('From event to arrival, by host');
    const late = delays.find(({ host }) => host === 'late');
    expect(Number(late?.['delay'])).toBeGreaterThanOrEqual(HOUR_MS / 1000);
    expect(Number(late?.['delay'])).toBeLessThan(HOUR_MS / 1000 + 60);
  });

  describe.skipIf(!isInstalled('prometheus', 'prometheus'))('from a real Prometheus', () => {
    let prometheus: Prometheus;
    beforeAll(async () => {
      prometheus = await new Prometheus(new URL(site.program.api).host).start();
    });
    afterAll(() => prometheus.stop());

    /** As Grafana fills it in for a data source that is scraped so often. */
    const ask = (expression: string) => prometheus.query(expression.replaceAll('$__rate_interval', '1m'));

    it('every panel shows series', async () => {
      await until(
        () => ask('up'),
        ([up]) => up?.value[1] === '1',
      );
      for (let n = 1; n <= 5; n += 1) {
        await send(n);
        const seen = () => ask(`headcount_refused_total{reason="unknown_format"} >= ${n}`);
        await until(seen, ({ length }) => length > 0);
      }
      await site.settle();
      const delivered = () => ask('min(headcount_sink_rows_delivered_total) > 0');
      await until(delivered, ({ length }) => length > 0);
      const asked = dashboard.promQueries;
      expect(asked.length).toBeGreaterThan(25);
      for (const { panel, target } of asked) {
        const { length } = await ask(target.expr);
        const mayBeEmpty = MAY_BE_EMPTY.includes(target.legendFormat ?? '');
        expect(length > 0 || mayBeEmpty, `${panel.title}: ${target.expr}`).toBe(true);
      }
    });

    const shown = async (title: string, legend?: string): Promise<readonly Series[]> => {
      const targets = dashboard.promQueries.filter(({ panel }) => panel.title === title);
      const query = targets.find(({ target }) => legend === undefined || target.legendFormat === legend);
      return ask(query?.target.expr ?? '');
    };
    const value = async (title: string, legend?: string) => Number((await shown(title, legend))[0]?.value[1]);

    it('they say what is the matter', async () => {
      expect(await value('Counts')).toBe(1);
      expect(await value('Journal')).toBe(0);
      expect(await value('Sinks')).toBe(1);
      expect(await value('Rows set aside')).toBe(0);
      expect(await value('Kernel drops (24 h)')).toBe(0);
      expect((await shown('Version'))[0]?.metric['version']).toMatch(/^\d+\.\d+\.\d+/);
      const reasons = await shown('Why counts are estimates');
      const why = reasons.filter(({ value: [, on] }) => on === '1').map(({ metric }) => metric['reason']);
      expect(why).toEqual(['unnumbered', 'warming_up']);
      for (const what of ['accepted', 'duplicates', 'heartbeats', 'excluded', 'refused']) {
        expect(await value('What became of it', what), what).toBeGreaterThan(0);
      }
      expect((await shown('Refused, by reason')).map(({ metric }) => metric['reason'])).toEqual([
        'unknown_format',
      ]);
      expect(await value('Lost and unmatched', 'stops without a session')).toBeGreaterThan(0);
    });

    it('polls are shown that work and that fail', async () => {
      const proxies = async (title: string) =>
        (await shown(title)).map(({ metric, value: [, is] }) => [metric['virtual_proxy'], Number(is) > 0]);
      expect((await proxies('Polls: time since the last answer')).map(([proxy]) => proxy)).toEqual(['/']);
      expect((await proxies('Polls: failures')).toSorted()).toEqual([
        ['/', false],
        ['/sales', true],
      ]);
    });

    it('host names are shown as they are', async () => {
      const hosts = await shown('Time since the last event, by host');
      expect(hosts.map(({ metric }) => metric['host']).toSorted()).toEqual(
        [HOSTILE, 'late', 'node1'].toSorted(),
      );
      const late = hosts.find(({ metric }) => metric['host'] === 'late');
      expect(Number(late?.value[1])).toBeGreaterThan(HOUR_MS / 1000);
    });
  });
});
