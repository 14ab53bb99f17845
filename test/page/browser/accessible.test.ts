import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lowContrasts, violations } from './axe.ts';
import { CHROMIUM, cardText, PageUnderTest, visit } from './browser.ts';

describe.skipIf(CHROMIUM === null)('for everybody', () => {
  let under: PageUnderTest;
  beforeAll(async () => {
    under = await PageUnderTest.start();
    const reason = 'parallel_limit';
    await under.post([
      ...visit('ann', 'qs1', ['sales']),
      ...visit('bob', 'qs1'),
      ...visit('cy', 'qs2', ['hr']),
      { type: 'session_rejected', user: { directory: 'LAB', id: 'ann' }, host: 'qs1', reason },
    ]);
  });
  afterAll(() => under.stop());

  async function open(width: number, search = ''): Promise<Page> {
    const page = await under.open(search, { viewport: { width, height: 800 } });
    await expect.poll(() => cardText(page, 'Active sessions')).toBe('3');
    return page;
  }
  /** Waits until the parts further down have come, too. */
  async function everythingOf(page: Page): Promise<void> {
    for (const name of ['Rejections', 'Impact', 'Peaks', 'Ingest']) {
      await page.getByRole('region', { name, exact: true }).getByRole('table').first().waitFor();
    }
  }
  const sessions = (page: Page) => page.getByRole('table', { name: 'Sessions', exact: true });

  it('axe finds nothing against the page with everything open that opens in its place', async () => {
    const page = await open(1440, '?window=60s');
    await everythingOf(page);
    await page.getByRole('button', { name: 'Track', exact: true }).first().click();
    for (const button of await page.getByRole('button', { name: 'Show as table' }).all())
      await button.click();
    for (const summary of await page.locator('summary').all()) await summary.click();
    await page.getByRole('button', { name: 'Columns', exact: true }).click();
    expect(await violations(page)).toEqual([]);
    await page.close();
  });

  it('axe finds nothing against a session, nor on a phone', async () => {
    const page = await open(360);
    expect(await violations(page)).toEqual([]);
    await sessions(page).getByRole('link').first().click();
    const dialog = page.getByRole('dialog', { name: 'Session', exact: true });
    await dialog.getByRole('list', { name: 'All sessions of this user' }).waitFor();
    expect(await violations(page)).toEqual([]);
    await page.close();
  });

  it('axe finds nothing against a past moment', async () => {
    const page = await open(1440);
    const field = page.getByRole('textbox', { name: 'As of', exact: true });
    await field.fill('yesterday 10:14');
    await field.press('Enter');
    await page.getByRole('region', { name: 'Around then', exact: true }).waitFor();
    await field.fill('soon');
    await field.press('Enter');
    await page.getByRole('alert').getByText('This is no time').waitFor();
    expect(await violations(page)).toEqual([]);
    await page.close();
  });

  it('everything is reached by Tab and seen to be, and Escape closes what is open', async () => {
    const page = await open(1440);
    await everythingOf(page);
    await page.evaluate(FOLLOW_FOCUS);
    const tabbable = (await page.evaluate('tabbable().length')) as number;
    expect(tabbable).toBeGreaterThan(30);
    for (let stop = 0; stop < tabbable + 3; stop += 1) await page.keyboard.press('Tab');
    expect(await page.evaluate('missed()')).toEqual([]);
    expect(await page.evaluate('unseen')).toEqual([]);

    const columns = page.getByRole('button', { name: 'Columns', exact: true });
    const list = page.getByRole('group', { name: 'Columns that are shown' });
    await columns.press('Enter');
    await list.waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    await expect.poll(() => sessions(page).getByRole('columnheader', { name: 'State' }).count()).toBe(0);
    await page.keyboard.press('Escape');
    await list.waitFor({ state: 'hidden' });

    await page.getByRole('radio', { name: '1 hour', exact: true }).focus();
    await page.keyboard.press('ArrowRight');
    expect(await page.getByRole('radio', { name: '1 day', exact: true }).isChecked()).toBe(true);
    await page.close();
  });

  it('nothing is wider than its window, down to that of a phone or of a zoom of 200 %', async () => {
    const page = await open(1440);
    await everythingOf(page);
    for (const width of [1440, 768, 720, 360]) {
      await page.setViewportSize({ width, height: 450 });
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    }
    await page.close();
  });

  it('is readable on paper, also where the screen is dark', async () => {
    const page = await open(760);
    await page.emulateMedia({ colorScheme: 'dark', media: 'print' });
    expect(await page.evaluate('document.documentElement.dataset.theme')).toBe('light');
    expect(await lowContrasts(page)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(760);
    expect(await sessions(page).isVisible()).toBe(true);
    await page.close();
  });
});

describe.skipIf(CHROMIUM === null)('for everybody who is new', () => {
  const TOKEN = 'reader-0123456789abcdef';
  let under: PageUnderTest;
  beforeAll(async () => {
    under = await PageUnderTest.start('', `port: 0, tokens: [{ name: page, token: ${TOKEN} }]`);
  });
  afterAll(() => under.stop());

  it('axe finds nothing against what asks for a token, nor against the first steps', async () => {
    const page = await under.open();
    const dialog = page.getByRole('dialog', { name: 'A token is needed', exact: true });
    await dialog.waitFor();
    expect(await violations(page)).toEqual([]);
    await dialog.getByLabel('Token').fill(TOKEN);
    await page.keyboard.press('Enter');
    await page.getByText('npm run headcount -- appender').first().waitFor();
    expect(await violations(page)).toEqual([]);
    await page.close();
  });
});

/** Remembers what had the focus, and what of that looked no different then. */
const FOLLOW_FOCUS = `{
  const reached = new Set();
  globalThis.unseen = [];
  const nameOf = (each) => each.outerHTML.slice(0, 120);
  globalThis.tabbable = () =>
    [...document.querySelectorAll('a[href], button, input, select, summary, [tabindex="0"]')].filter(
      (each) => !each.disabled && each.checkVisibility() && !(each.type === 'radio' && !each.checked),
    );
  globalThis.missed = () => tabbable().filter((each) => !reached.has(each)).map(nameOf);
  addEventListener('focusin', ({ target }) => {
    reached.add(target);
    const outlined = [target, target.nextElementSibling, target.parentElement];
    // The handle of a slider has the outline, and no script sees that.
    if (target.type === 'range') return;
    if (outlined.every((each) => each === null || getComputedStyle(each).outlineStyle === 'none')) {
      unseen.push(nameOf(target));
    }
  });
}`;
