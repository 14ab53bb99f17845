import { expect, it } from 'vitest';
import { Duplicates } from '../../src/intake/duplicates.ts';

const HOUR_MS = 3_600_000;

it('the last so many identities are remembered, however many came before', () => {
  for (const most of [1, 5, 100]) {
    const duplicates = new Duplicates(most);
    for (let n = 0; n < 10 * most; n += 1) {
      expect(duplicates.has(`id ${n}`, n)).toBe(false);
      duplicates.add(`id ${n}`, n);
      const oldest = Math.max(0, n - most + 1);
      expect([duplicates.has(`id ${n}`, n), duplicates.has(`id ${oldest}`, n)]).toEqual([true, true]);
      expect(duplicates.has(`id ${oldest - 1}`, n)).toBe(false);
      expect(duplicates.size).toBe(Math.min(n + 1, most));
    }
  }
});

it('an identity is forgotten after 24 h', () => {
  const duplicates = new Duplicates();
  duplicates.add('early', 0);
  duplicates.add('late', HOUR_MS);
  expect(duplicates.has('early', 24 * HOUR_MS)).toBe(true);
  // Arrival is kept in whole seconds: no identity is forgotten before it is due.
  expect(duplicates.has('early', 24 * HOUR_MS + 1_000)).toBe(true);
  expect(duplicates.has('early', 24 * HOUR_MS + 1_001)).toBe(false);
  expect([duplicates.has('late', 24 * HOUR_MS + 2_000), duplicates.size]).toEqual([true, 1]);
  expect(duplicates.has('late', 25 * HOUR_MS + 1_000)).toBe(true);
  expect([duplicates.has('late', 25 * HOUR_MS + 1_001), duplicates.size]).toEqual([false, 0]);
});

it('what is kept of a long identity is enough to know it again', () => {
  const duplicates = new Duplicates(10, (eventId) => `${eventId.length}${eventId.at(-1)}`);
  duplicates.add('a long one', 0);
  expect([duplicates.has('a long one', 0), duplicates.has('another long one', 0)]).toEqual([true, false]);
});
