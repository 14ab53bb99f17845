import { expect, it } from 'vitest';
import { killRounds } from './kill-rounds.ts';

it('a program that is killed under load loses and doubles nothing it has accepted', async () => {
  const delays = [120, 480, 900];
  expect(await killRounds(delays.length, () => delays.shift() ?? 0)).toEqual([]);
});
