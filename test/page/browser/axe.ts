import axe from 'axe-core';
import type { Page } from 'playwright-core';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** What axe has against the page as it is now, in words: in light colours, and against the contrast of dark ones. */
export async function violations(page: Page): Promise<string[]> {
  await page.emulateMedia({ colorScheme: 'light' });
  const light = await found(page, { runOnly: TAGS });
  await page.emulateMedia({ colorScheme: 'dark' });
  const dark = await found(page, { runOnly: ['color-contrast'] });
  await page.emulateMedia({ colorScheme: 'light' });
  return [...light, ...dark.map((text) => `dark: ${text}`)];
}

/** Against its contrast alone. */
export function lowContrasts(page: Page): Promise<string[]> {
  return found(page, { runOnly: ['color-contrast'] });
}

async function found(page: Page, options: axe.RunOptions): Promise<string[]> {
  // Not as an element of the page, which its policy would refuse.
  if (!(await page.evaluate('"axe" in globalThis'))) await page.evaluate(axe.source);
  const { violations } = (await page.evaluate(
    `axe.run(document, ${JSON.stringify(options)})`,
  )) as axe.AxeResults;
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} ${target}: ${failureSummary}`),
  );
}
