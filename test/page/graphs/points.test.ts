import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  alignedTo,
  lonePlaces,
  merged,
  type Point,
  pointOf,
  withoutRunning,
} from '../../../src/page/graphs/data/points.ts';

function points(...of: readonly (readonly [at: number, active: number | null])[]): Point[] {
  return of.map(([at, active]) => ({ ...pointOf({ at: new Date(at).toISOString() }), active }));
}

const activeOf = (all: readonly Point[]) => all.map(({ at, active }) => [at, active]);

describe('a point', () => {
  it('has no number that the API does not tell', () => {
    expect(pointOf({ at: '2026-11-19T10:00:00.000Z', created: 0, active: null })).toEqual({
      at: Date.parse('2026-11-19T10:00:00.000Z'),
      created: 0,
      ...{
        destroyed: null,
        rejected: null,
        active: null,
        users: null,
        connectedUsers: null,
        sessionsLow: null,
        sessionsHigh: null,
      },
    });
  });
});

describe('newer points', () => {
  it('stand in the place of those of their time', () => {
    const before = points([1_000, 1], [2_000, 2], [3_000, null]);
    expect(activeOf(merged(before, points([2_000, 5], [3_000, 6], [4_000, 7]), 10))).toEqual([
      [1_000, 1],
      [2_000, 5],
      [3_000, 6],
      [4_000, 7],
    ]);
  });

  it('push the oldest out', () => {
    expect(activeOf(merged(points([1_000, 1], [2_000, 2]), points([3_000, 3]), 2))).toEqual([
      [2_000, 2],
      [3_000, 3],
    ]);
  });

  it('change nothing where there are none', () => {
    expect(activeOf(merged(points([1_000, 1]), [], 2))).toEqual([[1_000, 1]]);
  });

  it('give, tail by tail, what the whole would have been', () => {
    const tails = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(
        tails,
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 0, max: 3 }),
        (steps, most, overlap) => {
          const truth = (last: number) =>
            Array.from(
              { length: Math.min(most, last + 1) },
              (_, place) => last - Math.min(most - 1, last) + place,
            );
          const asPoints = (times: readonly number[]) =>
            points(...times.map((at) => [at * 1_000, at] as const));
          let last = 0;
          let shown: readonly Point[] = asPoints(truth(0));
          for (const step of steps) {
            const from = Math.max(0, last - overlap);
            last += step;
            const tail = Array.from({ length: last - from + 1 }, (_, place) => from + place);
            shown = merged(shown, asPoints(tail), most);
          }
          expect(activeOf(shown)).toEqual(activeOf(asPoints(truth(last))));
        },
      ),
    );
  });
});

describe('the points of an app beside those of the site', () => {
  it('have a gap where there is none of that time', () => {
    const found = alignedTo([1_000, 2_000, 3_000], points([2_000, 7], [3_000, 0]), ({ active }) => active);
    expect(found).toEqual([null, 7, 0]);
  });
});

describe('a value with gaps on both sides', () => {
  it('is found, so that it is not lost between them', () => {
    expect(lonePlaces([1, null, 0, null, 3, 4, null, 5])).toEqual([0, 2, 7]);
    expect(lonePlaces([])).toEqual([]);
    expect(lonePlaces([undefined, 2, undefined])).toEqual([1]);
  });
});

describe('a step that goes on', () => {
  it('is not drawn as a fall of what happened', () => {
    expect(withoutRunning([100, 90, 3])).toEqual([100, 90, null]);
  });

  it('is drawn where nothing is known before it', () => {
    expect(withoutRunning([100, null, 3])).toEqual([100, null, 3]);
    expect(withoutRunning([3])).toEqual([3]);
    expect(withoutRunning([])).toEqual([]);
  });
});
