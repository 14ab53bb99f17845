import { isDeepStrictEqual } from 'node:util';
import type { Locator } from 'playwright-core';
import { expect } from 'vitest';

interface Table {
  readonly rows: Iterable<{ readonly cells: Iterable<{ readonly textContent: string }> }>;
}

/** The texts of the cells of a table, row by row; the first row is its head. */
export function cellsOf(table: Locator): Promise<string[][]> {
  return table.evaluate((found) => {
    const { rows } = found as unknown as Table;
    return Array.from(rows, ({ cells }) => Array.from(cells, ({ textContent }) => textContent));
  });
}

/** Waits until the page shows what is told: both move while a page is looked at. */
export async function agree(shown: () => Promise<unknown>, told: () => Promise<unknown>): Promise<void> {
  const compare = async (): Promise<unknown> => {
    const [onPage, expected] = await Promise.all([shown(), told()]);
    return isDeepStrictEqual(onPage, expected) ? 'the same' : { onPage, expected };
  };
  await expect.poll(compare).toBe('the same');
}

/** As the page writes a number. */
export function written(value: number | null): string {
  return value === null ? '–' : value.toLocaleString('en-GB');
}
