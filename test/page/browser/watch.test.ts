import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHROMIUM, cardText, PageUnderTest, visit } from './browser.ts';
import { numberedUser, watched, watchFeed } from './feed-watch.ts';

const ROUNDS = 8;
const EVENTS_OF_A_ROUND = 26;
const PAGES = 8;

describe.skipIf(CHROMIUM === null)('somebody who watches the page', () => {
  let under: PageUnderTest;
  let sent = 0;
  beforeAll(async () => {
    under = await PageUnderTest.start();
    await under.post(visit('ann', 'qs1'));
  });
  afterAll(() => under.stop());

  /** Log-ins at two hosts by turns; their users. */
  async function post(events: number): Promise<string[]> {
    const first = sent;
    sent += events;
    const users = Array.from({ length: events }, (_, n) => numberedUser(first + n));
    await under.post(users.flatMap((user, n) => visit(user, n % 2 === 0 ? 'qs1' : 'qs2')));
    return users.map((user) => `LAB\\${user}`);
  }
  const usersSeen = async (page: Page) => (await watched(page)).seen.map(([user]) => user);
  async function openWatched(search = ''): Promise<Page> {
    const page = await under.open(search);
    await expect.poll(() => page.locator('.feed-row').count()).toBeGreaterThan(0);
    await watchFeed(page);
    return page;
  }

  it('sees every event once, the newest first, and only those of the filter', async () => {
    const [all, some] = await Promise.all([openWatched(), openWatched('?host=qs1')]);
    const expected: string[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      expected.push(...(await post(EVENTS_OF_A_ROUND)));
      await expect.poll(async () => (await usersSeen(all)).length).toBe(expected.length);
    }
    expect(await watched(all)).toMatchObject({ wrong: [] });
    expect(await usersSeen(all)).toEqual(expected);
    const ofHost = expected.filter((_, n) => n % 2 === 0);
    await expect.poll(() => usersSeen(some)).toEqual(ofHost);
    expect(await watched(some)).toMatchObject({ wrong: [] });
    await Promise.all([all.close(), some.close()]);
  });

  it('may point at the feed, which then stands still and says how much is new', async () => {
    const page = await openWatched();
    const feed = page.getByRole('group', { name: 'Latest events' });
    await feed.hover();
    const activity = page.getByRole('region', { name: 'Activity', exact: true });
    await activity.getByText('paused').waitFor();
    const users = await post(3);
    await activity.getByText('paused, 3 new').waitFor();
    expect(await usersSeen(page)).toEqual([]);
    await page.getByRole('heading', { name: 'Headcount', exact: true }).hover();
    await expect.poll(() => usersSeen(page)).toEqual(users);
    await page.close();
  });

  it('misses no event while the server is killed and comes back', async () => {
    const page = await openWatched();
    const expected = await post(5);
    await under.restart(async () => {
      await page.getByRole('alert').getByText('Headcount does not answer').waitFor();
    });
    expected.push(...(await post(5)));
    await expect.poll(() => usersSeen(page)).toEqual(expected);
    await expect.poll(() => page.getByRole('alert').textContent()).toBe('');
    expected.push(...(await post(5)));
    await expect.poll(() => usersSeen(page)).toEqual(expected);
    expect(await watched(page)).toMatchObject({ wrong: [] });
    expect(under.complaints).toEqual([]);
    await page.close();
  });

  it(`sees the same on each of ${PAGES} pages at once`, async () => {
    // Nobody looks at the pixels of these.
    const small = { viewport: { width: 360, height: 240 } };
    const pages = await Promise.all(Array.from({ length: PAGES }, () => under.open('', small)));
    const numbers = () => Promise.all(pages.map((page) => cardText(page, 'Active sessions')));
    const everywhere = (sessions: number) => new Array(PAGES).fill(String(sessions));
    await expect.poll(numbers, { timeout: 100_000 }).toEqual(everywhere(sent + 1));
    await post(1);
    await expect.poll(numbers).toEqual(everywhere(sent + 1));
    expect(under.complaints).toEqual([]);
    await Promise.all(pages.map((page) => page.context().close()));
  }, 120_000);
});
