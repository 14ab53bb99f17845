import { expect, it } from 'vitest';
import { Breaker } from '../../src/delivery/breaker.ts';

const MINUTE = 60_000;

it('a table that stays wrong over a weekend costs few rows a minute, not twenty', () => {
  let now = 0;
  let setAside = 0;
  const breaker = new Breaker(() => now);
  for (const end = 60 * 60 * MINUTE; now < end; now += 1_000) if (breaker.allows()) setAside += 1;
  // One now and then, since it may be that the fault is in the rows after all.
  expect(setAside).toBeLessThan(20 + 60 * 60 + 1);
});

it('a minute in which nothing was refused makes up for it', () => {
  let now = 0;
  const breaker = new Breaker(() => now);
  for (let n = 0; n < 30; n += 1) breaker.allows();
  for (; now < 3 * MINUTE; now += MINUTE) breaker.took(1);
  const allowed = Array.from({ length: 30 }, () => breaker.allows()).filter((each) => each);
  expect(allowed).toHaveLength(20);
});

it('one of a hundred may be refused for ever', () => {
  let now = 0;
  const breaker = new Breaker(() => now);
  for (let n = 0; n < 10_000; n += 1, now += 100) {
    breaker.took(150);
    expect(breaker.allows()).toBe(true);
  }
});

it('a minute is over to the millisecond, and a clock that is set back begins a new one', () => {
  let now = 0;
  const breaker = new Breaker(() => now);
  const allowed = (): number =>
    Array.from({ length: 30 }, () => breaker.allows()).filter((each) => each).length;
  expect(allowed()).toBe(20);
  now = MINUTE - 1;
  expect(allowed()).toBe(0);
  now = MINUTE;
  expect(allowed()).toBe(1);
  now = MINUTE - 1;
  expect(allowed()).toBe(1);
});

it('exactly one row in a hundred is not too many, one more is', () => {
  const breaker = new Breaker(() => 0);
  breaker.took(99 * 30);
  const allowed = Array.from({ length: 40 }, () => breaker.allows());
  // 30 of 99 * 30 + 30 rows.
  expect(allowed.indexOf(false)).toBe(30);
});
