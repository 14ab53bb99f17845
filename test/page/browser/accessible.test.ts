import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHROMIUM, cardText, PageUnderTest, visit } from './browser.ts';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** What axe has against the page as it is now, in words. */
async function violations(page: Page): Promise<string[]> {
  // Not as an element of the page, which its policy would refuse.
  await page.evaluate(axe.source);
  const { violations: found } = (await page.evaluate(
    `axe.run(document, { runOnly: ${JSON.stringify(RULES)} })`,
  )) as axe.AxeResults;
  return found.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} ${target}: ${failureSummary}`),
  );
}

describe.skipIf(CHROMIUM === null)('for everybody', () => {
  let under: PageUnderTest;
  beforeAll(async () => {
    under = await PageUnderTest.start();
    await under.post([
      ...visit('ann', 'qs1', ['sales']),
      ...visit('bob', 'qs1'),
      ...visit('cy', 'qs2', ['hr']),
    ]);
  });
  afterAll(() => under.stop());

  it.each([
    ['light', 1440],
    ['dark', 1440],
    ['light', 360],
  ] as const)('axe finds nothing against the page, %s at %i pixels', async (colorScheme, width) => {
    const page = await under.open('', { colorScheme, viewport: { width, height: 800 } });
    await expect.poll(() => cardText(page, 'Active sessions')).toBe('3');
    expect(await violations(page)).toEqual([]);
    await page.close();
  });

  it.each([1440, 768, 360])('nothing is wider than a window of %i pixels', async (width) => {
    const page = await under.open('', { viewport: { width, height: 800 } });
    await expect.poll(() => cardText(page, 'Active sessions')).toBe('3');
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    await page.close();
  });
});
