import axe from 'axe-core';
import type { Page } from 'playwright-core';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/**
 * What axe has against the page as it is now, in words: in light colours, and against the contrast of dark ones. `part`: a selector of what is
 * looked at, where that is not all of it.
 */
export async function violations(page: Page, part: string | null = null): Promise<string[]> {
  await page.emulateMedia({ colorScheme: 'light' });
  const light = await found(page, { runOnly: TAGS }, part);
  await page.emulateMedia({ colorScheme: 'dark' });
  const dark = await found(page, { runOnly: ['color-contrast'] }, part);
  await page.emulateMedia({ colorScheme: 'light' });
  return [...light, ...dark.map((text) => `dark: ${text}`)];
}

/** Against its contrast alone. */
export function lowContrasts(page: Page): Promise<string[]> {
  return found(page, { runOnly: ['color-contrast'] });
}

async function found(page: Page, options: axe.RunOptions, part: string | null = null): Promise<string[]> {
  // Not as an element of the page, which its policy would refuse.
  if (!(await page.evaluate('"axe" in globalThis'))) await page.evaluate(axe.source);
  const { violations } = (await page.evaluate(
    `axe.run(${part === null ? 'document' : JSON.stringify(part)}, ${JSON.stringify(options)})`,
  )) as axe.AxeResults;
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} ${target}: ${failureSummary}`),
  );
}
