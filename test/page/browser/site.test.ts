import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CountsView } from '../../../src/api/counts/counts-answer.ts';
import type { TruthCounts } from '../../../src/simulator/truth.ts';
import { CHROMIUM, cardText, PageUnderTest } from './browser.ts';
import { agree, cellsOf, written } from './read.ts';
import { liveMorning } from './simulated-site.ts';

const TALLIES = ['created', 'destroyed', 'rejected'] as const;

describe.skipIf(CHROMIUM === null)('the page of a site whose truth is known', () => {
  let under: PageUnderTest;
  let truth: TruthCounts;
  beforeAll(async () => {
    under = await PageUnderTest.start();
    await under.post(['parallel_limit', 'no_licence'].map((reason) => ({ ...REJECTION, reason })));
    truth = await liveMorning(under.program);
  });
  afterAll(() => under.stop());

  const counts = (parameters = '') => under.program.get<CountsView>(`/api/v1/counts${parameters}`);
  const total = (page: Page) => page.getByRole('table', { name: 'Total sessions', exact: true });

  it('has the numbers of the truth and of the API on its cards and in its totals', async () => {
    const page = await under.open();
    const { active } = truth;
    await expect.poll(() => cardText(page, 'Active sessions')).toBe(written(active.sessions));
    expect(await cardText(page, 'Connected users')).toBe(written(active.connectedUsers));
    expect(await cardText(page, 'Connections')).toBe(written(active.connections));
    expect(await cardText(page, 'Rejected in the last hour')).toBe('2');
    await agree(
      async () => [await cardText(page, 'Created per minute'), await cardText(page, 'Peak today')],
      async () => {
        const { created, peakToday } = await counts();
        return [written(created.last1m), written(peakToday?.sessions ?? null)];
      },
    );
    const [, now, ...tallies] = await cellsOf(total(page));
    expect(now?.at(-1)).toBe(written(active.sessions));
    expect(tallies.map((row) => row.at(-1))).toEqual([truth.created, truth.destroyed, 2].map(written));
    await agree(
      async () => (await cellsOf(total(page))).slice(2).map((row) => row.slice(1)),
      async () => {
        const told = await counts();
        return TALLIES.map((name) => {
          const { last5s, last1m, last1h, total } = told[name];
          return [last5s, last1m, last1h, total].map(written);
        });
      },
    );
    await page.close();
  });

  it('narrows every part to the filter', async () => {
    const page = await under.open();
    const host = 'sense-proxy2';
    const virtualProxy = Object.keys(truth.perVirtualProxy)[1] ?? '';
    const cards = async () => [await cardText(page, 'Active sessions'), await cardText(page, 'Connections')];
    await page.getByRole('combobox', { name: 'Host', exact: true }).selectOption(host);
    const ofHost = truth.perHost[host];
    await expect.poll(cards).toEqual([ofHost?.sessions, ofHost?.connections].map(String));
    const feed = page.getByRole('group', { name: 'Latest events' }).locator('.feed-where');
    await expect
      .poll(async () => new Set((await feed.allTextContents()).map(hostOf)))
      .toEqual(new Set([host]));
    const rows = page.getByRole('table', { name: 'Sessions', exact: true });
    const place = page.getByRole('navigation', { name: 'Pages of sessions' });
    await expect.poll(() => place.textContent()).toContain(`of ${ofHost?.sessions}`);
    const [names = [], ...listed] = await cellsOf(rows);
    const column = names.indexOf('Host');
    expect(new Set(listed.map((row) => row[column]))).toEqual(new Set([host]));
    await agree(
      async () => (await cellsOf(total(page))).slice(2).map((row) => row.at(-1)),
      async () => {
        const told = await counts(`?host=${host}`);
        return TALLIES.map((name) => written(told[name].total));
      },
    );

    await page.getByRole('button', { name: 'Show everything' }).click();
    await page.getByRole('combobox', { name: 'Virtual proxy', exact: true }).selectOption(virtualProxy);
    const ofProxy = truth.perVirtualProxy[virtualProxy];
    await expect.poll(cards).toEqual([ofProxy?.sessions, ofProxy?.connections].map(String));

    await page.getByRole('button', { name: 'Show everything' }).click();
    const [app] = (await counts()).apps;
    await page.getByRole('combobox', { name: 'Application', exact: true }).selectOption(app?.appId ?? '');
    await expect.poll(async () => (await cards())[1]).toBe(String(app?.connections));
    await expect
      .poll(async () => new Set((await feed.allTextContents()).map(appOf)))
      .toEqual(new Set([app?.appId]));
    expect(under.complaints).toEqual([]);
    await page.close();
  });

  it('narrows Impact, Rejections and Peaks to the filter', async () => {
    const page = await under.open();
    const hosts = page.getByRole('combobox', { name: 'Host', exact: true });
    const region = (name: string) => page.getByRole('region', { name, exact: true });
    for (const host of ['sense-proxy1', 'sense-proxy2']) {
      await hosts.selectOption(host);
      const get = (route: string) =>
        under.program.get<Record<string, number> & { items: Record<string, unknown>[] }>(
          `/api/v1/${route}host=${host}`,
        );
      await region('Impact').scrollIntoViewIfNeeded();
      await agree(
        () => region('Impact').locator('dd').allTextContents(),
        async () => {
          const { sessions, users, connectedUsers, lingering } = await get('impact?');
          const [, , , , lastTimeout = ''] = await region('Impact').locator('dd').allTextContents();
          return [
            ...[sessions, users, connectedUsers, lingering].map((value) => written(value ?? null)),
            lastTimeout,
          ];
        },
      );
      await region('Peaks').scrollIntoViewIfNeeded();
      const { items } = await get('peaks?by=hour&');
      const most = Math.max(...items.map((item) => (item['sessions'] as { peak: number }).peak));
      await expect.poll(() => region('Peaks').locator('.peak-text').textContent()).toContain(`${most}`);
      const rejected = (await get('rejections?')).items;
      const rows = region('Rejections').getByRole('row');
      await expect.poll(() => rows.count()).toBe(rejected.length === 0 ? 0 : rejected.length + 1);
    }
    expect(under.complaints).toEqual([]);
    await page.close();
  });

  it('has the accessible names that it promises', async () => {
    const page = await under.open();
    await expect.poll(() => cardText(page, 'Active sessions')).toBe(written(truth.active.sessions));
    const promised = (async function* () {
      for (const [role, names] of PROMISED) {
        for (const name of names)
          yield [role, name, await page.getByRole(role, { name, exact: true }).count()];
      }
    })();
    for await (const [role, name, found] of promised) expect([role, name, found]).toEqual([role, name, 1]);
    const cards = page.getByRole('group', { name: 'Now', exact: true });
    for (const label of CARDS) {
      expect(await cards.getByRole('group', { name: label, exact: true }).count()).toBe(1);
    }
    for (const title of FIGURES) {
      const figure = page.getByRole('figure', { name: title, exact: true });
      expect(await figure.getByRole('button', { name: 'Show as table', exact: true }).count()).toBe(1);
    }
    const windows = page.getByRole('radiogroup', { name: 'Window', exact: true });
    for (const name of ['60 seconds', '1 hour', '1 day', '1 week']) {
      expect(await windows.getByRole('radio', { name, exact: true }).count()).toBe(1);
    }
    await page.getByRole('button', { name: 'Track', exact: true }).first().click();
    await page.getByRole('button', { name: 'Untrack', exact: true }).waitFor();
    // In a wide window no column is hidden behind the buttons.
    const list = page.getByRole('group', { name: 'List of tracked apps', exact: true });
    expect(await list.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)).toBe(0);
    await page.close();
  });
});

const REJECTION = { type: 'session_rejected', user: { directory: 'LAB', id: 'late' }, host: 'sense-proxy1' };
const FIGURES = ['Created, destroyed, rejected', 'Active sessions'];
const CARDS = [
  'Active sessions',
  'Connected users',
  'Connections',
  'Created per minute',
  'Average duration',
  'Rejected in the last hour',
  'Peak today',
];
const PROMISED: readonly (readonly [Parameters<Page['getByRole']>[0], readonly string[]])[] = [
  ['figure', FIGURES],
  ['radiogroup', ['Window']],
  ['slider', ['From', 'To']],
  ['combobox', ['Application', 'Host', 'Virtual proxy']],
  ['table', ['Total sessions', 'Tracked applications', 'Untracked applications', 'Sessions']],
  ['group', ['Now']],
  ['switch', ['Active only']],
  ['searchbox', ['Find a user']],
  ['textbox', ['As of']],
  ['button', ['Track all', 'Columns', 'Download CSV', 'Now']],
  ['region', ['Activity', 'Rejections', 'Impact', 'Peaks', 'Ingest']],
];

/** What stands after the app, where there is one. */
function hostOf(where: string): string {
  return where.split(' · ').find((part) => part.startsWith('sense-proxy')) ?? where;
}

function appOf(where: string): string {
  return where.split(' · ')[0] ?? where;
}
