import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { violations } from './axe.ts';
import { CHROMIUM, cardText, PageUnderTest } from './browser.ts';
import { cellsOf } from './read.ts';

const SCRIPT = 'globalThis.ran = true';
/** What somebody may call a user, an app, a node or a browser. */
const NAMES = [
  `<script>${SCRIPT}</script>`,
  `<img src=x onerror="${SCRIPT}">`,
  `"'><svg onload=${SCRIPT}>`,
  `javascript:${SCRIPT}`,
  'x'.repeat(300),
  'wide '.repeat(60).trim(),
  '\u202egnp.exe\u202d end',
  '\u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645',
  '\u001b[31mred\u001b[0m \u0007',
  '👩‍👩‍👧‍👦 🏳️‍🌈 é ﷽ Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L',
  '__proto__',
  'constructor',
  '=HYPERLINK("http://example.com";"x")',
  '+1+cmd|" /C calc"!A0',
  '%3Cscript%3E & &lt;b&gt; {{7*7}}',
  '../../etc/passwd?a=b#c',
];
/** Of names with spaces Sense makes none of a node's. */
const HOSTS = NAMES.filter((name) => !/\s/.test(name));

describe.skipIf(CHROMIUM === null)('the page of a site of hostile names', () => {
  let under: PageUnderTest;
  beforeAll(async () => {
    under = await PageUnderTest.start();
    await under.post(
      NAMES.flatMap((name, n) => {
        const of = { user: { directory: name, id: name }, host: HOSTS[n % HOSTS.length], virtualProxy: name };
        return [
          { ...of, type: 'session_start', userAgent: name, message: name },
          { ...of, type: 'connection_open', appId: name, context: name, origin: name },
          { ...of, type: 'session_rejected', reason: 'denied', message: name },
        ];
      }),
    );
  });
  afterAll(() => under.stop());

  it.each([1440, 768, 360])(
    'runs nothing and stays %i pixels wide, wherever a name is shown',
    async (width) => {
      const page = await under.open('', { viewport: { width, height: 800 } });
      const isAsWide = () => page.evaluate('document.documentElement.scrollWidth');
      await expect.poll(() => cardText(page, 'Active sessions')).toBe(String(NAMES.length));
      await page.getByRole('button', { name: 'Track all', exact: true }).click();
      const columns = page.getByRole('button', { name: 'Columns', exact: true });
      await columns.click();
      expect(await isAsWide()).toBe(width);
      await columns.click();
      for (const name of ['Rejections', 'Impact', 'Peaks', 'Ingest']) {
        await page.getByRole('region', { name, exact: true }).scrollIntoViewIfNeeded();
      }
      const rows = page.getByRole('table', { name: 'Sessions', exact: true });
      await expect.poll(async () => (await cellsOf(rows)).length).toBe(NAMES.length + 1);
      expect(await isAsWide()).toBe(width);
      const dialog = page.getByRole('dialog', { name: 'Session', exact: true });
      for (const n of [0, 4, 9]) {
        await rows
          .getByRole('row')
          .nth(n + 1)
          .getByRole('link')
          .click();
        await dialog.getByRole('figure', { name: 'Timeline' }).waitFor();
        expect(await dialog.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)).toBe(0);
        await page.keyboard.press('Escape');
        await dialog.waitFor({ state: 'hidden' });
      }
      await page.goto(`${under.program.api}/?at=${new Date().toISOString()}`);
      await page.getByRole('region', { name: 'Around then', exact: true }).waitFor();
      expect(await isAsWide()).toBe(width);
      expect(await page.evaluate('globalThis.ran')).toBe(undefined);
      expect(under.complaints).toEqual([]);
      await page.close();
    },
  );

  it('shows each name as it is, filters by it, and writes no formula into a CSV', async () => {
    const page = await under.open('', { acceptDownloads: true });
    const rows = page.getByRole('table', { name: 'Sessions', exact: true });
    await expect.poll(async () => (await cellsOf(rows)).length).toBe(NAMES.length + 1);
    const shown = (await cellsOf(rows)).slice(1).map(([user]) => user);
    const { items } = await under.program.get<{
      readonly items: readonly { user: { directory: string; id: string } }[];
    }>('/api/v1/sessions?active=true&limit=100');
    expect(shown.toSorted()).toEqual(items.map(({ user }) => `${user.directory}\\${user.id}`).toSorted());
    const box = page.getByRole('combobox', { name: 'Application', exact: true });
    for (const app of ['__proto__', '<script>', '👩‍👩‍👧‍👦']) {
      const option = box.locator('option', { hasText: app });
      await box.selectOption(await option.evaluate((found) => (found as unknown as { value: string }).value));
      await expect.poll(() => cardText(page, 'Connections')).toBe('1');
      await page.getByRole('button', { name: 'Show everything' }).click();
    }
    const saving = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download CSV', exact: true }).click();
    const saved = await readFile(await (await saving).path(), 'utf8');
    expect(saved).not.toMatch(/(?:^|[,\n])"?[=+@]/);
    expect(under.complaints).toEqual([]);
    await page.close();
  });

  it('names whoever logs in again and again as text, above everything and below Ingest', async () => {
    const page = await under.open('', { viewport: { width: 360, height: 800 } });
    const [script = '', long = '', rightToLeft = ''] = [NAMES[0], NAMES[4], NAMES[7]];
    const ingest = page.getByRole('region', { name: 'Ingest', exact: true });
    await ingest.getByText('Nobody logs in again and again.').waitFor();
    await under.post(
      [script, long, long, rightToLeft].flatMap((id, n) => {
        const start = { type: 'session_start', user: { directory: long, id }, host: `${long}${n}` };
        return Array.from({ length: 40 + n }, () => start);
      }),
    );
    const banners = page.getByRole('alert').locator('.banner');
    await expect
      .poll(() => banners.allTextContents())
      .toEqual([
        ...[long, long, rightToLeft].map((id, n) => {
          const times = `${41 + n} times in the last minute`;
          return `${long}\\${id} logs in again and again on ${long}${n + 1}, ${times}.`;
        }),
        'Others who log in again and again: 1.',
      ]);
    const table = ingest.getByRole('table', { name: 'Storms', exact: true });
    const rows = (await cellsOf(table)).slice(1);
    expect(rows.map(([user, , lastMinute, inAll, , state]) => [user, lastMinute, inAll, state])).toEqual(
      [rightToLeft, long, long, script].map((id, n) => {
        return [`${long}\\${id}`, String(43 - n), String(43 - n), 'goes on'];
      }),
    );
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    const heights = await banners.evaluateAll((all) =>
      all.map((each) => (each as unknown as { clientHeight: number }).clientHeight),
    );
    expect(Math.max(...heights)).toBeLessThan(200);
    expect(await violations(page)).toEqual([]);
    expect(await page.evaluate('globalThis.ran')).toBe(undefined);
    expect(under.complaints).toEqual([]);
    await page.close();
  });
});
