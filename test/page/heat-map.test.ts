import { describe, expect, it } from 'vitest';
import type { PeaksItem } from '../../src/journal/read/answers.ts';
import { firstMidnight, HOURS, heatDays, highest } from '../../src/page/peaks/heat-map.ts';

const HOUR_MS = 3_600_000;
const BERLIN = 'Europe/Berlin';

function hours(from: string, count: number, peakOf: (place: number) => number | null): PeaksItem[] {
  return Array.from({ length: count }, (_, place) => {
    const at = new Date(Date.parse(from) + place * HOUR_MS).toISOString();
    const to = new Date(Date.parse(at) + HOUR_MS).toISOString();
    const peak = peakOf(place);
    const found = { peak, at: peak === null ? null : at };
    const none = { peak: null, at: null };
    return { from: at, to, sessions: found, users: none, seats: none, created: null, rejected: null };
  });
}

describe('the heat map', () => {
  it('has a day a row, the latest first, and each hour at its place on the clock of the zone', () => {
    const days = heatDays(
      hours('2026-05-18T22:00:00Z', 24 + 10, (place) => place),
      'sessions',
      BERLIN,
    );
    expect(days.map(({ day }) => day)).toEqual(['2026-05-20', '2026-05-19']);
    expect(days[1]?.cells.map((cell) => cell?.peak)).toEqual(Array.from({ length: HOURS }, (_, n) => n));
    // What has yet to come is no hour without people.
    expect(days[0]?.cells.slice(9, 11).map((cell) => cell?.peak)).toEqual([33, undefined]);
  });

  it('tells an hour of which nobody knows from one with nobody', () => {
    const [day] = heatDays(
      hours('2026-05-19T00:00:00Z', 2, (place) => (place === 0 ? null : 0)),
      'sessions',
      'UTC',
    );
    expect(day?.cells.slice(0, 3).map((cell) => cell?.peak)).toEqual([null, 0, undefined]);
    expect(
      heatDays(
        hours('2026-05-19T00:00:00Z', 1, () => 5),
        'users',
        'UTC',
      )[0]?.cells[0]?.peak,
    ).toBe(null);
  });

  it('has the larger of the two hours of a clock that is set back, and no hour that is left out', () => {
    const [autumn] = heatDays(
      hours('2026-10-24T22:00:00Z', 25, (place) => (place === 2 ? 7 : place === 3 ? 5 : 1)),
      'sessions',
      BERLIN,
    );
    expect(autumn?.cells.map((cell) => cell?.peak)).toEqual([1, 1, 7, ...Array(21).fill(1)]);
    const [spring] = heatDays(
      hours('2026-03-28T23:00:00Z', 23, () => 1),
      'sessions',
      BERLIN,
    );
    expect(spring?.cells.indexOf(null)).toBe(2);
  });

  it('names the largest number, and of equal ones the first', () => {
    const days = heatDays(
      hours('2026-05-19T00:00:00Z', 40, (place) => [3, 9, null, 9][place % 4] ?? null),
      'sessions',
      'UTC',
    );
    expect(highest(days)).toEqual({ peak: 9, at: '2026-05-19T01:00:00.000Z' });
    expect(
      highest(
        heatDays(
          hours('2026-05-19T00:00:00Z', 3, () => null),
          'sessions',
          'UTC',
        ),
      ),
    ).toBe(null);
  });
});

it.each([
  ['2026-05-19T10:14:07Z', 7, 'UTC', '2026-05-13T00:00:00.000Z'],
  ['2026-05-19T00:00:00Z', 1, 'UTC', '2026-05-19T00:00:00.000Z'],
  ['2026-05-18T22:30:00Z', 1, BERLIN, '2026-05-18T22:00:00.000Z'],
  // A day of 25 hours and one of 23 lie between.
  ['2026-10-28T10:00:00Z', 7, BERLIN, '2026-10-21T22:00:00.000Z'],
  ['2026-03-31T10:00:00Z', 7, BERLIN, '2026-03-24T23:00:00.000Z'],
  ['2026-03-29T22:30:00Z', 1, BERLIN, '2026-03-29T22:00:00.000Z'],
  ['2026-05-19T10:14:00Z', 1, 'Asia/Kathmandu', '2026-05-18T18:15:00.000Z'],
])('with an end at %s, %i days begin at a midnight of %s', (end, days, zone, expected) => {
  expect(new Date(firstMidnight(Date.parse(end), days, zone)).toISOString()).toBe(expected);
});
