import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answers } from '../../../src/journal/read/answers.ts';
import { until } from '../../program/program.ts';
import { CHROMIUM, PageUnderTest } from './browser.ts';
import { cellsOf, written } from './read.ts';
import { liveMorning } from './simulated-site.ts';

type Series = NonNullable<Answers['series']>;
type Point = Series['points'][number];

const EVENTS = 'Created, destroyed, rejected';
const OPEN = 'Active sessions';
const MOST_ROWS = 120;
const READ = {
  [EVENTS]: ({ created, destroyed, rejected }: Point) => [created, destroyed, rejected],
  // Of a host, whose connected users are not counted over time, users with a session.
  [OPEN]: ({ active, users, connectedUsers }: Point) => [active, connectedUsers ?? users],
};

describe.skipIf(CHROMIUM === null)('the graphs of the page', () => {
  let under: PageUnderTest;
  let page: Page;
  beforeAll(async () => {
    under = await PageUnderTest.start();
    await liveMorning(under.program);
    await until(
      () => under.program.get<Series>('/api/v1/series?window=60s'),
      ({ points }) => points.filter(({ active }) => active !== null).length >= 3,
    );
    page = await under.open();
    for (const title of [EVENTS, OPEN]) await figure(title).getByRole('button').click();
  });
  afterAll(() => under.stop());

  const figure = (title: string) => page.getByRole('figure', { name: title, exact: true });
  const choose = (name: string) => page.getByRole('radio', { name, exact: true }).check();
  const timesOf = async (title: string) => (await rowsOf(figure(title).getByRole('table'))).map(([at]) => at);
  const shownTimes = async () => (await timesOf(EVENTS)).map((at = '') => Date.parse(at));

  /** What differs between the table of a graph and the points of the API; of those that both have. */
  async function differences(title: keyof typeof READ, window: string): Promise<unknown[]> {
    const { points } = await under.program.get<Series>(`/api/v1/series?window=${window}`);
    const byTime = new Map(points.map((point) => [point.at, point]));
    const rows = await rowsOf(figure(title).getByRole('table'));
    return rows.flatMap(([at = '', ...values]) => {
      const point = byTime.get(at);
      const told = point === undefined ? [] : READ[title](point).map(written);
      return told.every((text, place) => text === values[place]) ? [] : [{ at, values, told }];
    });
  }

  it.each([
    ['60 seconds', '60s', 1, 60],
    ['1 hour', '1h', 5, 720],
    ['1 day', '1d', 60, 1_440],
    ['1 week', '1w', 3_600, 168],
  ])('show %s as the API has it', async (name, window, stepSeconds, points) => {
    await choose(name);
    const steps = async (): Promise<unknown> => {
      const times = await shownTimes();
      const apart = times.slice(1).map((at, row) => ((times[row] ?? 0) - at) / 1000);
      return [times.length, ...new Set(apart)];
    };
    await expect.poll(steps).toEqual([Math.min(points, MOST_ROWS), stepSeconds]);
    await expect.poll(() => differences(EVENTS, window)).toEqual([]);
    await expect.poll(() => differences(OPEN, window)).toEqual([]);
    // Something is known, so that it is not only gaps that are the same.
    const known = (await rowsOf(figure(EVENTS).getByRole('table'))).filter(([, created]) => created !== '–');
    expect(known.length).toBeGreaterThan(0);
    expect(await page.getByRole('slider').count()).toBe(window === '60s' ? 0 : 2);
  });

  it('are of the filter alone', async () => {
    const host = 'sense-proxy2';
    await choose('1 week');
    await page.getByRole('combobox', { name: 'Host', exact: true }).selectOption(host);
    await expect.poll(() => differences(EVENTS, `1w&host=${host}`)).toEqual([]);
    // Which is not what the whole site had.
    expect(await differences(EVENTS, '1w')).not.toEqual([]);
    await expect.poll(() => differences(OPEN, `1w&host=${host}`)).toEqual([]);
    await page.getByRole('button', { name: 'Show everything' }).click();
    await expect.poll(() => differences(EVENTS, '1w')).toEqual([]);
  });

  it('narrow down to a range between two handles that the keyboard moves', async () => {
    await choose('1 week');
    await expect.poll(async () => (await shownTimes()).length).toBe(MOST_ROWS);
    const [from, to] = ['From', 'To'].map((name) => page.getByRole('slider', { name, exact: true }));
    const newest = (await shownTimes())[0] ?? 0;
    await from?.press('End');
    await from?.press('ArrowLeft');
    await from?.press('ArrowLeft');
    await to?.press('ArrowLeft');
    const hours = async () => (await shownTimes()).map((at) => (newest - at) / 3_600_000);
    const [first = 0, ...others] = await hours();
    expect(first).toBeGreaterThanOrEqual(1);
    expect(others.length).toBeLessThan(4);
    expect(await timesOf(OPEN)).toEqual(await timesOf(EVENTS));
    // Neither handle passes the other.
    await to?.press('Home');
    expect(Number(await to?.inputValue())).toBeGreaterThan(Number(await from?.inputValue()));
    expect(await from?.getAttribute('aria-valuetext')).toMatch(/\d\d:\d\d:\d\d/);
    await page.getByRole('button', { name: 'Whole window' }).click();
    await expect.poll(async () => (await shownTimes()).length).toBe(MOST_ROWS);
  });

  it('say every value of both at the pointer, and show the whole page at the moment that is clicked', async () => {
    await choose('60 seconds');
    await expect.poll(async () => (await shownTimes()).length).toBe(60);
    const plot = figure(OPEN).locator('.u-over');
    const box = await plot.boundingBox();
    const position = { x: (box?.width ?? 0) - 3, y: 40 };
    await plot.hover({ position });
    const tip = page.getByRole('tooltip');
    await tip.waitFor();
    for (const label of ['Created', 'Destroyed', 'Rejected', 'Active sessions', 'Connected users']) {
      expect(await tip.textContent()).toContain(label);
    }
    await plot.click({ position });
    const notice = page.getByRole('status').filter({ hasText: 'This page shows a past moment' });
    await notice.waitFor();
    expect(new URL(page.url()).searchParams.get('at')).not.toBe(null);
    await page.getByRole('button', { name: 'Now', exact: true }).click();
    await notice.waitFor({ state: 'hidden' });
    expect(new URL(page.url()).searchParams.get('at')).toBe(null);
    expect(under.complaints).toEqual([]);
  });
});

/** The rows of the table of a graph, each with its time as ISO 8601 before its values. */
async function rowsOf(table: Locator): Promise<string[][]> {
  const times = table
    .locator('time')
    .evaluateAll((found) => found.map((time) => time.getAttribute('datetime')));
  const [cells, read] = await Promise.all([cellsOf(table), times]);
  return cells.slice(1).map(([, ...values], row) => [read[row] ?? '', ...values]);
}
