import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  type Peak,
  type Peaks,
  peaksBetween,
  SEAT_HELD_MS,
  type Stay,
} from '../../src/journal/read/peaks/peak-sweep.ts';

const MINUTE_MS = 60_000;

/** Looks at every moment at which something may have changed, and counts anew. */
function slowPeaks(from: number, to: number, stays: readonly Stay[]): Peaks {
  const moments = stays
    .flatMap(({ startedAt, endedAt }) => [startedAt, endedAt ?? from, (endedAt ?? from) + SEAT_HELD_MS])
    .concat(from)
    .filter((at) => at >= from && at < to)
    .sort((a, b) => a - b);
  const top = (count: (at: number) => number): Peak => {
    const peak = Math.max(0, ...moments.map(count));
    return { peak, at: peak === 0 ? null : (moments.find((at) => count(at) === peak) ?? null) };
  };
  const isOn = ({ startedAt, endedAt }: Stay, at: number, heldMs = 0) =>
    startedAt <= at && (endedAt === null || endedAt + heldMs > at);
  return {
    sessions: top((at) => stays.filter((stay) => isOn(stay, at)).length),
    users: top((at) => {
      const on = stays.filter((stay) => stay.person !== null && isOn(stay, at));
      return new Set(on.map(({ person }) => person)).size;
    }),
    seats: top((at) => {
      const holding = Map.groupBy(
        stays.filter((stay) => isOn(stay, at, SEAT_HELD_MS)),
        ({ person }) => person,
      );
      let seats = 0;
      for (const [person, of] of holding) seats += person === null ? of.length : Math.min(5, of.length);
      return seats;
    }),
    created: stays.filter(({ startedAt }) => startedAt >= from && startedAt < to).length,
  };
}

it('one sweep finds the peaks that looking at every moment finds', () => {
  const minute = fc.integer({ min: 0, max: 40 }).map((minutes) => minutes * MINUTE_MS);
  const stay = fc
    .tuple(minute, fc.option(minute, { freq: 5 }), fc.option(fc.integer({ min: 0, max: 3 }), { freq: 5 }))
    .map(([startedAt, length, person]) => ({
      startedAt,
      endedAt: length === null ? null : startedAt + length,
      person,
    }));
  const cuts = fc.array(minute, { minLength: 2, maxLength: 5 }).map((some) => some.sort((a, b) => a - b));
  fc.assert(
    fc.property(cuts, fc.array(stay, { maxLength: 30 }), (cuts, stays) => {
      const expected = cuts.slice(1).map((to, place) => slowPeaks(cuts[place] ?? 0, to, stays));
      // Between two equal cuts there is no moment.
      const isLong = (_: unknown, place: number) => cuts[place] !== cuts[place + 1];
      expect(peaksBetween(cuts, stays).filter(isLong)).toEqual(expected.filter(isLong));
    }),
    { numRuns: 500 },
  );
});

it('a user holds five seats at most, and each for five minutes more', () => {
  const stays = Array.from({ length: 8 }, () => ({ startedAt: 0, endedAt: MINUTE_MS, person: 1 }));
  const [during, after, later] = peaksBetween([0, MINUTE_MS, 6 * MINUTE_MS, 7 * MINUTE_MS], stays);
  expect(during).toMatchObject({ sessions: { peak: 8 }, users: { peak: 1 }, seats: { peak: 5 } });
  expect(after).toMatchObject({ sessions: { peak: 0, at: null }, seats: { peak: 5, at: MINUTE_MS } });
  expect(later).toMatchObject({ seats: { peak: 0, at: null } });
});
