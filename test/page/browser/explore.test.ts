import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CountsView } from '../../../src/api/counts/counts-answer.ts';
import type { Answers, OneSession } from '../../../src/journal/read/answers.ts';
import { until } from '../../program/program.ts';
import { CHROMIUM, cardText, PageUnderTest, visit } from './browser.ts';
import { cellsOf } from './read.ts';
import { liveMorning } from './simulated-site.ts';

describe.skipIf(CHROMIUM === null)('somebody who looks around on the page', () => {
  let under: PageUnderTest;
  /** When the morning was over, to the second, and before anybody came later. */
  let then: string;
  beforeAll(async () => {
    under = await PageUnderTest.start();
    await liveMorning(under.program);
    const { asOf } = await under.program.get<CountsView>('/api/v1/counts');
    then = new Date(Math.ceil(Date.parse(asOf) / 1000) * 1000).toISOString();
    await until(
      () => under.program.get<CountsView>('/api/v1/counts'),
      (counts) => counts.asOf > then,
    );
    await under.post([...visit('late', 'sense-proxy1', ['sales']), ...visit('later', 'sense-proxy2')]);
  });
  afterAll(() => under.stop());

  const open = (search = '') => under.open(search, { timezoneId: 'UTC', acceptDownloads: true });
  const get = <T>(path: string) => under.program.get<T>(`/api/v1/${path}`);
  const sessions = (page: Page) => page.getByRole('table', { name: 'Sessions', exact: true });
  const place = (page: Page) => page.getByRole('navigation', { name: 'Pages of sessions' });

  it('types a moment and sees the numbers and sessions of then, until Now', async () => {
    const page = await open();
    const now = await get<CountsView>('counts');
    await expect.poll(() => cardText(page, 'Active sessions')).toBe(String(now.active.sessions));
    const field = page.getByRole('textbox', { name: 'As of', exact: true });
    await field.fill(then.slice(0, 19).replace('T', ' '));
    await field.press('Enter');
    const told = await get<Answers['sessions']>(`sessions?at=${then}&limit=1000`);
    expect(told.total).toBe(Number(now.active.sessions) - 2);
    await expect.poll(() => cardText(page, 'Active sessions')).toBe(String(told.total));
    await expect.poll(() => place(page).textContent()).toContain(`of ${told.total}`);
    const listed = (await cellsOf(sessions(page))).slice(1).map(([user]) => user);
    const users = told.items.map(({ user }) => `${user?.directory}\\${user?.id}`);
    expect(listed.toSorted()).toEqual(users.toSorted());
    const around = page.getByRole('region', { name: 'Around then', exact: true });
    const { items } = await get<Answers['around']>(`around?at=${then}&limit=50`);
    await expect.poll(() => around.getByRole('listitem').count()).toBe(items.length);
    expect(items.length).toBeGreaterThan(0);
    // Whoever gets the link sees the same.
    const other = await open(new URL(page.url()).search);
    await expect.poll(() => cardText(other, 'Active sessions')).toBe(String(told.total));
    await other.close();
    await page.getByRole('button', { name: 'Now', exact: true }).click();
    await expect.poll(() => cardText(page, 'Active sessions')).toBe(String(now.active.sessions));
    expect(await around.count()).toBe(0);
    await page.close();
  });

  it('is told where nobody knows, and what cannot be read', async () => {
    const page = await open('?at=2020-01-01T00:00:00Z');
    await expect
      .poll(() => page.getByRole('status').allTextContents())
      .toContainEqual(expect.stringContaining('unknown'));
    expect(await cardText(page, 'Active sessions')).toBe('–');
    const list = page.getByRole('region', { name: 'Sessions', exact: true });
    await list.getByText('Nobody knows who was on at this moment.').waitFor();
    const field = page.getByRole('textbox', { name: 'As of', exact: true });
    await field.fill('half past ten');
    await field.press('Enter');
    await page.getByRole('alert').getByText('This is no time that can be read').waitFor();
    await page.close();
  });

  it('saves what the table shows as the CSV of the API', async () => {
    const page = await open('?host=sense-proxy3');
    await page.getByRole('switch', { name: 'Active only', exact: true }).uncheck();
    await page.getByRole('button', { name: 'Duration', exact: true }).click();
    await expect.poll(() => place(page).textContent()).toMatch(/^1–100 of \d+/);
    const saving = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download CSV', exact: true }).click();
    const saved = await readFile(await (await saving).path(), 'utf8');
    const question = 'sessions?host=sense-proxy3&sort=duration&order=desc&limit=1000';
    const response = await fetch(`${under.program.api}/api/v1/${question}&format=csv`);
    const told = await response.text();
    const ended = (csv: string) =>
      csv.split('\n').filter((line) => line.includes(',stop,') || line.startsWith('id,'));
    expect(ended(saved)).toEqual(ended(told));
    expect(saved.split('\n')).toHaveLength(told.split('\n').length);
    expect(ended(saved).length).toBeGreaterThan(100);
    await page.close();
  });

  it('opens a session and sees all of it, and every other session of its user', async () => {
    const page = await open();
    const [first] = (await get<Answers['sessions']>('sessions?active=true&sort=connections&limit=1')).items;
    const id = first?.id ?? '';
    const name = `${first?.user?.directory}\\${first?.user?.id}`;
    const find = page.getByRole('searchbox', { name: 'Find a user', exact: true });
    await find.fill(first?.user?.id ?? '');
    const link = sessions(page).locator(`a[href*="session=${encodeURIComponent(id)}"]`);
    await link.focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Session', exact: true });
    const { timeline, connections } = await get<OneSession>(`sessions/${encodeURIComponent(id)}`);
    await expect
      .poll(() => dialog.getByRole('list', { name: 'Events' }).getByRole('listitem').count())
      .toBe(timeline.length);
    expect(await dialog.textContent()).toContain(name);
    const figure = dialog.getByRole('figure', { name: 'Timeline' });
    // One for the session, and one for each connection that was drawn.
    expect(await figure.locator('rect[rx]').count()).toBe(connections.length + 1);
    const all = await get<Answers['sessions']>(`sessions?user=${encodeURIComponent(name)}&limit=20`);
    const others = dialog.getByRole('list', { name: 'All sessions of this user' }).getByRole('listitem');
    await expect.poll(() => others.count()).toBe(all.items.length);
    const linked = await open(new URL(page.url()).search);
    await linked
      .getByRole('dialog', { name: 'Session', exact: true })
      .getByText(name, { exact: true })
      .waitFor();
    await linked.close();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    expect(new URL(page.url()).search).toBe('');
    await expect.poll(() => link.evaluate((found) => found === found.ownerDocument.activeElement)).toBe(true);
    await page.close();
  });

  it('tracks apps, which stay in the link and in the browser', async () => {
    const page = await open();
    const tracked = page.getByRole('table', { name: 'Tracked applications', exact: true });
    const untracked = page.getByRole('table', { name: 'Untracked applications', exact: true });
    const { apps } = await get<CountsView>('counts');
    const namesOf = async (of: typeof tracked) => (await cellsOf(of)).slice(1).map(([name]) => name);
    await expect
      .poll(async () => (await namesOf(untracked)).toSorted())
      .toEqual(apps.map(({ appId }) => appId).toSorted());
    const [first = ''] = await namesOf(untracked);
    await untracked.getByRole('button', { name: 'Track', exact: true }).first().click();
    await expect.poll(() => namesOf(tracked)).toEqual([first]);
    const legend = page.getByRole('figure', { name: 'Active sessions', exact: true }).locator('.legend');
    await expect.poll(() => legend.textContent()).toContain(`Open: ${first}`);
    expect(new URL(page.url()).searchParams.get('track')).toBe(first);
    const app = apps.find(({ appId }) => appId === first);
    const [, row = []] = await cellsOf(tracked);
    expect(row.slice(1, 3)).toEqual([app?.users, app?.connections].map(String));
    expect(row[4]).toBe(String(app?.opened?.total));
    await page.getByRole('button', { name: 'Track all', exact: true }).click();
    await expect.poll(async () => (await namesOf(tracked)).length).toBe(apps.length);
    const linked = await open(new URL(page.url()).search);
    await expect
      .poll(() => namesOf(linked.getByRole('table', { name: 'Tracked applications', exact: true })))
      .toEqual(await namesOf(tracked));
    await linked.close();
    await page.goto(under.program.api);
    await expect.poll(async () => (await namesOf(tracked)).length).toBe(apps.length);
    await tracked.getByRole('button', { name: 'Untrack', exact: true }).first().click();
    await expect.poll(() => namesOf(tracked)).not.toContain(first);
    expect(under.complaints).toEqual([]);
    await page.close();
  });
});
