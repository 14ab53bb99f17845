import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rangeAsked } from '../../src/page/applications/range.ts';
import { WINDOWS, type WindowName } from '../../src/page/model/look.ts';

const LENGTHS: Readonly<Record<WindowName, number>> = { '60s': 60, '1h': 3_600, '1d': 86_400, '1w': 604_800 };
const windows = fc.constantFrom(...(Object.keys(WINDOWS) as WindowName[]));
const moments = fc.integer({ min: Date.UTC(2020, 0), max: Date.UTC(2040, 0) });

describe('the range of a window of application sessions', () => {
  it('that ends now covers the window, is at most a 60th longer, and stays the same for that long', () => {
    fc.assert(
      fc.property(windows, moments, (window, now) => {
        const { from, to } = rangeAsked(window, null, now);
        const lengthMs = LENGTHS[window] * 1000;
        const beforeMs = now - lengthMs - Date.parse(from);
        expect(to).toBeNull();
        expect(beforeMs).toBeGreaterThanOrEqual(0);
        expect(beforeMs).toBeLessThan(lengthMs / 60);
        expect(rangeAsked(window, null, now + lengthMs / 60 - beforeMs - 1)).toEqual({ from, to });
      }),
    );
  });

  it('that ends at a moment has what began at that moment', () => {
    fc.assert(
      fc.property(windows, moments, (window, moment) => {
        const { from, to } = rangeAsked(window, moment, moment + 1e9);
        expect(Date.parse(to ?? '')).toBe(moment + 1);
        expect(Date.parse(to ?? '') - Date.parse(from)).toBe(LENGTHS[window] * 1000);
      }),
    );
  });
});
