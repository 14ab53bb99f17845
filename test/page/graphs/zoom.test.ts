import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Extent, movedFrom, movedTo, rangeOf, zoomTo } from '../../../src/page/graphs/data/zoom.ts';

const WINDOW: Extent = { from: 0, to: 100_000, stepMs: 5_000 };
const later = (extent: Extent, byMs: number): Extent => ({
  ...extent,
  from: extent.from + byMs,
  to: extent.to + byMs,
});

describe('the part of a window that is shown', () => {
  it('is all of it at first', () => {
    expect(rangeOf(null, WINDOW)).toEqual({ from: 0, to: 100_000 });
  });

  it('goes on with the window where it ends with it, and keeps its length', () => {
    const zoom = movedFrom(null, 80_000, WINDOW);
    expect(rangeOf(zoom, WINDOW)).toEqual({ from: 80_000, to: 100_000 });
    expect(rangeOf(zoom, later(WINDOW, 10_000))).toEqual({ from: 90_000, to: 110_000 });
  });

  it('stays where it is when it ends before, until the window has left it', () => {
    const zoom = zoomTo({ from: 20_000, to: 40_000 }, WINDOW);
    expect(rangeOf(zoom, later(WINDOW, 10_000))).toEqual({ from: 20_000, to: 40_000 });
    expect(rangeOf(zoom, later(WINDOW, 30_000))).toEqual({ from: 30_000, to: 40_000 });
    expect(rangeOf(zoom, later(WINDOW, 40_000))).toEqual({ from: 40_000, to: 140_000 });
  });

  it('is drawn with the pointer as nearly as the points allow', () => {
    expect(rangeOf(zoomTo({ from: 21_000, to: 38_500 }, WINDOW), WINDOW)).toEqual({
      from: 20_000,
      to: 40_000,
    });
    expect(rangeOf(zoomTo({ from: 21_000, to: 21_100 }, WINDOW), WINDOW)).toEqual({
      from: 20_000,
      to: 25_000,
    });
  });

  it('is all of it again when both ends are put back', () => {
    const zoom = movedTo(movedFrom(null, 50_000, WINDOW), 70_000, WINDOW);
    expect(movedTo(movedFrom(zoom, 0, WINDOW), 100_000, WINDOW)).toBeNull();
  });

  it('never turns round: an end stops a step before the other one', () => {
    const zoom = zoomTo({ from: 20_000, to: 40_000 }, WINDOW);
    expect(rangeOf(movedFrom(zoom, 90_000, WINDOW), WINDOW)).toEqual({ from: 35_000, to: 40_000 });
    expect(rangeOf(movedTo(zoom, 0, WINDOW), WINDOW)).toEqual({ from: 20_000, to: 25_000 });
  });

  it('lies in the window and on its points, whatever is moved and however the window goes on', () => {
    const move = fc.record({
      end: fc.constantFrom('from' as const, 'to' as const),
      at: fc.integer({ min: -50_000, max: 250_000 }),
      passes: fc.integer({ min: 0, max: 5 }),
    });
    fc.assert(
      fc.property(fc.array(move, { maxLength: 30 }), (moves) => {
        let extent = WINDOW;
        let zoom = zoomTo(extent, extent);
        for (const { end, at, passes } of moves) {
          zoom = (end === 'from' ? movedFrom : movedTo)(zoom, at, extent);
          extent = later(extent, passes * extent.stepMs);
          const { from, to } = rangeOf(zoom, extent);
          expect(from).toBeGreaterThanOrEqual(extent.from);
          expect(to).toBeLessThanOrEqual(extent.to);
          expect(to - from).toBeGreaterThanOrEqual(extent.stepMs);
          expect([from % extent.stepMs, to % extent.stepMs]).toEqual([0, 0]);
        }
      }),
    );
  });
});
