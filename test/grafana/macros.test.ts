import { expect, it } from 'vitest';
import { expandMacros } from './expand-macros.ts';
import { fillInVariables, type View } from './fill-in-variables.ts';

const AT = Date.UTC(2024, 0, 20, 12, 34, 56, 789);
const query = { from: AT, to: AT + 1, intervalMs: 1000 };

// The cases are those of the plugin's own tests and documentation.

it('a time is microseconds', () => {
  expect(expandMacros('$__fromTime', query)).toBe('cast(1705754096789000 as timestamp)');
  expect(expandMacros('$__toTime', query)).toBe('cast(1705754096790000 as timestamp)');
  expect(expandMacros('$__fromTime', { ...query, from: -1 })).toBe('cast(-1000 as timestamp)');
});

it('a filter of times is both of them, of a column of any form', () => {
  expect(expandMacros('x $__timeFilter(ts) y', query)).toBe(
    'x ts >= cast(1705754096789000 as timestamp) AND ts <= cast(1705754096790000 as timestamp) y',
  );
  expect(expandMacros('$__timeFilter( f(a, b) )', query)).toMatch(/^f\(a, b\) >= .* AND f\(a, b\) <= /);
  expect(() => expandMacros('$__timeFilter(a, b)', query)).toThrow('unexpected number of arguments');
  expect(() => expandMacros('$__timeFilter(a', query)).toThrow('missing close bracket');
});

it.each([
  [0.5, '1T'],
  [459, '459T'],
  [1_000, '1s'],
  [59_000, '59s'],
  [300_000, '300s'],
  [3_600_000, '1h'],
  [5_400_000, '1h'],
  [82_800_000, '23h'],
  [86_400_000, '1d'],
  [90_000_000, '1d'],
  [86_500_000, '24h'],
  [432_000_000, '5d'],
])('a step of %d ms is %s', (intervalMs, step) => {
  expect(expandMacros('$__sampleByInterval', { ...query, intervalMs })).toBe(step);
});

function filledIn(sql: string, host: string | readonly string[]): string {
  const variables = { host: { value: host, options: ['a', "b'"] } };
  const view: View = { from: 0, to: 1, timezone: 'Asia/Tokyo', variables };
  return fillInVariables(sql, view, 60_000);
}

it('a condition goes where everything is chosen', () => {
  const sql = `WHERE $__conditionalAll(host IN (\${host:sqlstring}), $host) AND x`;
  expect(filledIn(sql, ['$__all'])).toBe('WHERE 1=1 AND x');
  expect(filledIn(sql, '')).toBe('WHERE 1=1 AND x');
  expect(filledIn(sql, ['n1', 'n2'])).toBe("WHERE host IN ('n1','n2') AND x");
  expect(filledIn(`${sql} OR ${sql}`, ['$__all'])).toBe('WHERE 1=1 AND x OR WHERE 1=1 AND x');
});

it('a variable is written as its format says, and unknown ones stay', () => {
  expect(filledIn(`\${host:sqlstring}`, ['$__all'])).toBe("'a','b'''");
  expect(filledIn('$host [[host:raw]]', 'x')).toBe('x x');
  expect(filledIn(`\${host:sqlstring}`, `o'h"x`)).toBe(`'o''h\\"x'`);
  expect(filledIn(`$__timeFilter(ts) \${__timezone:sqlstring} $__interval_ms`, '')).toBe(
    "$__timeFilter(ts) 'Asia/Tokyo' 60000",
  );
});

it('without a format the plugin leaves quotes as they are, so no query of ours does without', () => {
  expect(filledIn('$host', ["a'b", 'c'])).toBe("'a'b','c'");
});
