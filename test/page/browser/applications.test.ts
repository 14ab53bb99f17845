import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answers } from '../../../src/journal/read/answers.ts';
import { durationText } from '../../../src/page/words/time.ts';
import { violations } from './axe.ts';
import { CHROMIUM, PageUnderTest, visit } from './browser.ts';
import { cellsOf, written } from './read.ts';

const MINUTE_MS = 60_000;
const READER = 'a-reading-key-0123456789';
const SHOP = 'the-key-of-the-shop-0123';
const DESK = 'the-key-of-the-desk-0123';
const TIMES = 'sessions: { timeout: 12h, grace: 0s }';
const TOKENS = `port: 0, tokens: [
  { name: shop, token: ${SHOP}, scopes: [ ingest ], application: { name: The shop, ${TIMES} } },
  { name: desk, token: ${DESK}, scopes: [ ingest ], application: { ${TIMES} } },
  { name: reader, token: ${READER}, scopes: [ read, ingest ] } ]`;

type Found = Answers['applications'];

describe.skipIf(CHROMIUM === null)('Application sessions', () => {
  let under: PageUnderTest;
  const begin = Date.now();

  beforeAll(async () => {
    under = await PageUnderTest.start('', TOKENS, () => {}, '  - { type: exceptionless }\n');
    await send('/api/v1/events', READER, visit('ann', 'qs1', ['sales']));
  });
  afterAll(() => under.stop());

  async function send(path: string, key: string, items: readonly object[]): Promise<void> {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` };
    const body = JSON.stringify(items);
    const { status } = await fetch(under.program.api + path, { method: 'POST', headers, body });
    expect(status).toBe(202);
  }
  async function get<T>(path: string): Promise<T> {
    const headers = { authorization: `Bearer ${READER}` };
    return (await (await fetch(`${under.program.api}/api/v1/${path}`, { headers })).json()) as T;
  }
  /** As the real clients write it; times in minutes before now. `error`: what was thrown. */
  function event(type: string, identity: string, minutesAgo: number, error?: object): object {
    const date = new Date(begin - minutesAgo * MINUTE_MS).toISOString();
    const data = { '@user': { identity }, ...(error === undefined ? {} : { '@error': error }) };
    return { type, date, source: `${type} of ${identity}`, data };
  }
  /** A page, and what it was told last. */
  async function open(search = ''): Promise<{ page: Page; told: () => Found | null }> {
    const page = await under.open(search, { timezoneId: 'UTC' });
    let latest: Found | null = null;
    page.on('response', async (response) => {
      if (response.url().includes('/api/v1/applications') && response.ok())
        latest = await response.json().catch(() => latest);
    });
    await page.getByRole('textbox', { name: 'Token', exact: true }).fill(READER);
    await page.keyboard.press('Enter');
    return { page, told: () => latest };
  }
  const region = (page: Page) => page.getByRole('region', { name: 'Application sessions', exact: true });
  const table = (page: Page) => page.getByRole('table', { name: 'Sessions of applications', exact: true });
  async function rows(page: Page): Promise<string[][]> {
    const [, ...found] = await cellsOf(table(page));
    return found.map(([user = '', state = '', application = '']) => [user, application, state]);
  }
  const figures = (page: Page) => region(page).locator('.card .figure').allTextContents();
  function inWords({ online, sessions, startedPerHour, users, averageDurationSeconds: seconds }: Found) {
    const perHour = startedPerHour === null ? null : Math.round(startedPerHour * 10) / 10;
    return [
      ...[online, sessions, perHour, users].map(written),
      seconds === null ? '–' : durationText(seconds),
    ];
  }
  const showsWhatItWasTold = async (page: Page, told: () => Found | null) =>
    expect
      .poll(async () => {
        const latest = told();
        return latest !== null && (await figures(page)).join() === inWords(latest).join();
      })
      .toBe(true);

  it('is not there where no application has sent anything', async () => {
    const { page, told } = await open();
    await expect.poll(() => told()?.known).toBe(0);
    await page.getByRole('region', { name: 'Peaks', exact: true }).getByRole('table').waitFor();
    expect(await region(page).count()).toBe(0);
    await page.close();
  });

  it('has who is online in numbers and in a table, as the API tells it', async () => {
    await send('/api/v2/events', SHOP, [
      event('session', 'LAB\\anna', 42),
      event('usage', 'LAB\\anna', 41),
      event('error', 'LAB\\anna', 40, { type: 'TimeoutError', message: 'no answer' }),
      event('session', 'LAB\\bob', 30),
      event('sessionend', 'LAB\\bob', 10),
      event('session', 'LAB\\cy', 300),
      event('sessionend', 'LAB\\cy', 200),
    ]);
    await send('/api/v2/events', DESK, [event('session', 'dora', 5), event('log', 'LAB\\anna', 4)]);
    const { page, told } = await open();
    await region(page).scrollIntoViewIfNeeded();
    await showsWhatItWasTold(page, told);
    expect(told()).toMatchObject({ known: 2, sessions: 4, started: 4, online: 3, usersOnline: 2, users: 3 });
    expect((await rows(page)).toSorted()).toEqual([
      ['LAB\\anna', 'The shop', 'online'],
      ['LAB\\anna', 'desk', 'online'],
      ['dora', 'desk', 'online'],
    ]);
    const each = await cellsOf(page.getByRole('table', { name: 'Applications', exact: true }));
    expect(each.slice(1).map((row) => row.slice(0, 4))).toEqual([
      ['desk', '2', '2', '2'],
      ['The shop', '1', '2', '2'],
    ]);
    await page.close();
  });

  it('shows those of the window too, finds a user, and leads to what was done in a session', async () => {
    const { page, told } = await open();
    await region(page).scrollIntoViewIfNeeded();
    await page.getByRole('switch', { name: 'Online only', exact: true }).uncheck();
    await expect.poll(async () => (await rows(page)).length).toBe(4);
    expect(told()?.sessions).toBe(4);
    expect(await rows(page)).toContainEqual(['LAB\\bob', 'The shop', 'offline']);
    await page.getByRole('radio', { name: '1 day', exact: true }).check();
    await expect.poll(async () => (await rows(page)).length).toBe(5);
    await showsWhatItWasTold(page, told);
    expect(told()?.sessions).toBe(5);
    await page.getByRole('searchbox', { name: 'Find a user there', exact: true }).fill('an');
    await expect
      .poll(async () => (await rows(page)).map(([user]) => user))
      .toEqual(['LAB\\anna', 'LAB\\anna']);
    const row = table(page).getByRole('row').filter({ hasText: 'The shop' });
    await row.getByRole('link').click();
    const events = page
      .getByRole('dialog', { name: 'Session', exact: true })
      .getByRole('list', { name: 'Events' });
    await expect.poll(() => events.getByRole('listitem').count()).toBe(3);
    expect(await events.textContent()).toMatch(/usage of.*no answer/s);
    await page.close();
  });

  it('follows the filter, and says so where it cannot', async () => {
    const { page, told } = await open('?host=desk');
    await region(page).scrollIntoViewIfNeeded();
    await expect.poll(() => told()?.sessions).toBe(2);
    await showsWhatItWasTold(page, told);
    await expect.poll(async () => (await rows(page)).length).toBe(2);
    await page.getByRole('combobox', { name: 'Host', exact: true }).selectOption('qs1');
    await region(page).getByText('Nobody is online.').waitFor();
    await expect.poll(() => figures(page)).toEqual(['0', '0', '0', '0', '–']);
    await page.getByRole('button', { name: 'Show everything' }).click();
    await page.getByRole('combobox', { name: 'Application', exact: true }).selectOption('sales');
    await region(page).getByText('open no apps of Sense').waitFor();
    await expect.poll(async () => (await rows(page)).length).toBe(3);
    await page.close();
  });

  it('shows a past moment', async () => {
    const moment = new Date(begin - 20 * MINUTE_MS).toISOString();
    const { page, told } = await open(`?at=${moment}`);
    await region(page).scrollIntoViewIfNeeded();
    await showsWhatItWasTold(page, told);
    const { total } = await get<Answers['sessions']>(`sessions?application=true&at=${moment}`);
    expect([told()?.online, total]).toEqual([2, 2]);
    await expect
      .poll(async () => (await rows(page)).map(([user]) => user))
      .toEqual(['LAB\\bob', 'LAB\\anna']);
    await page.close();
  });

  it('has a graph with the values of the API, and axe finds nothing, down to the width of a phone', async () => {
    const { page } = await open();
    const figure = page.getByRole('figure', { name: 'Sessions of applications over time', exact: true });
    await figure.scrollIntoViewIfNeeded();
    await figure.getByRole('button', { name: 'Show as table', exact: true }).click();
    await expect
      .poll(async () => (await cellsOf(figure.getByRole('table')))[1]?.slice(1))
      .toEqual(['3', '2']);
    const { points = [] } = (await get<Answers['series']>('series?window=1h&application=true')) ?? {};
    expect(points.at(-1)).toMatchObject({ active: 3, users: 2 });
    await figure.getByRole('button', { name: 'Show as table', exact: true }).click();
    await table(page).waitFor();
    expect(await violations(page, '.applications')).toEqual([]);
    for (const width of [1440, 720, 360]) {
      await page.setViewportSize({ width, height: 800 });
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    }
    await page.close();
  });

  it('the browser complains of nothing', () => {
    expect(under.complaints).toEqual([]);
  });
});
