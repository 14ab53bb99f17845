import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Latest } from '../../src/journal/name-lookup.ts';

it('names that were found lately are found again without looking, if they are asked for, and no more than twice as many are held', () => {
  const asked = fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 200 });
  fc.assert(
    fc.property(asked, (numbers) => {
      const latest = new Latest<string>(4);
      const looked: number[] = [];
      for (const [place, number] of numbers.entries()) {
        const found = latest.get(number, () => {
          looked.push(place);
          return number === 12 ? undefined : `name ${number}`;
        });
        expect(found).toBe(number === 12 ? null : `name ${number}`);
        expect(latest.size).toBeLessThanOrEqual(8);
        // Fewer than four others since it was asked for last.
        const since = numbers.slice(0, place).lastIndexOf(number);
        const others = new Set(numbers.slice(since + 1, place));
        if (since >= 0 && others.size < 4) expect(looked.at(-1)).not.toBe(place);
      }
    }),
  );
});
