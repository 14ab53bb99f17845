import fc from 'fast-check';
import { expect, it } from 'vitest';
import { firstOf, largest, MOST_LISTED } from '../../../src/journal/read/parts/largest.ts';

it('the first of some items are those that sorting all of them puts first', () => {
  const ascending = (a: number, b: number) => a - b;
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer(), { maxLength: 60 }),
      fc.integer({ min: 1, max: 12 }),
      (items, count) => {
        expect(firstOf(items, count, ascending)).toEqual(items.toSorted(ascending).slice(0, count));
      },
    ),
  );
});

it('a list has those with the most sessions, by name', () => {
  const items = Array.from({ length: 3 * MOST_LISTED }, (_, n) => ({
    name: `n${n}`,
    sessions: (n * 7) % 300,
  }));
  const found = largest(items);
  expect(found.map(({ name }) => name)).toEqual(found.map(({ name }) => name).toSorted());
  expect(found.map(({ sessions }) => sessions).sort((a, b) => a - b)).toEqual(
    Array.from({ length: MOST_LISTED }, (_, n) => 200 + n),
  );
});
