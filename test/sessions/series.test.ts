import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Series, type Tally } from '../../src/sessions/series.ts';

const NOW = Date.UTC(2026, 0, 5, 8) + 300;
const SECOND = 1_000;
const HOUR_SECONDS = 3_600;
/** How far event times may be ahead of arrival. */
const AHEAD_SECONDS = 600;

interface Counted {
  readonly tally: Tally;
  /** Before now; negative for what lies ahead. */
  readonly ageSeconds: number;
  readonly by: 1 | -1;
  readonly durationMs: number;
  /** It comes from the journal, added up, instead of as it happens. */
  readonly isRestored: boolean;
}

/** The sums over everything that was ever counted. */
function windowsOf(all: readonly Counted[], agedSeconds: number) {
  const sum = (tally: Tally, within: number, of: (each: Counted) => number) =>
    all
      .filter((each) => each.tally === tally)
      .filter(({ ageSeconds }) => ageSeconds + agedSeconds >= 0 && ageSeconds + agedSeconds < within)
      .reduce((total, each) => total + of(each), 0);
  const totals = (tally: Tally) => ({
    last5s: sum(tally, 5, ({ by }) => by),
    last1m: sum(tally, 60, ({ by }) => by),
    last1h: sum(tally, HOUR_SECONDS, ({ by }) => by),
    total: all.reduce((total, each) => total + (each.tally === tally && !each.isRestored ? each.by : 0), 0),
  });
  const destroyed = totals('destroyed');
  const lengths = sum('destroyed', HOUR_SECONDS, ({ durationMs }) => durationMs);
  return {
    created: totals('created'),
    destroyed,
    rejected: totals('rejected'),
    averageDurationSeconds: destroyed.last1h > 0 ? Math.round(lengths / destroyed.last1h) / SECOND : null,
  };
}

function play(series: Series, { tally, ageSeconds, by, durationMs, isRestored }: Counted): void {
  const atMs = NOW - ageSeconds * SECOND;
  const none = { created: 0, destroyed: 0, rejected: 0 };
  if (!isRestored) series.count(tally, 'all', atMs, by, durationMs);
  else series.restore({ at: Math.floor(atMs / SECOND), ...none, [tally]: by, durationMs });
}

const counted: fc.Arbitrary<Counted> = fc
  .record({
    tally: fc.constantFrom<Tally>('created', 'destroyed', 'rejected'),
    ageSeconds: fc.oneof(
      fc.constantFrom(0, 4, 5, 59, 60, 61, HOUR_SECONDS - 1, HOUR_SECONDS, -1, -AHEAD_SECONDS),
      fc.integer({ min: -AHEAD_SECONDS, max: 2 * HOUR_SECONDS }),
    ),
    by: fc.constantFrom<1 | -1>(1, 1, 1, -1),
    durationMs: fc.integer({ min: 0, max: 10_000_000 }),
    isRestored: fc.boolean(),
  })
  .map((each) => ({
    ...each,
    durationMs: each.tally === 'destroyed' ? each.by * each.durationMs : 0,
  }));

describe('the sliding windows', () => {
  it('are the sums over everything that was counted, whatever the order in which it came and however time goes on', () => {
    fc.assert(
      fc.property(
        fc.array(counted, { maxLength: 40 }),
        fc.array(fc.oneof(fc.constantFrom(1, 5, 55, 60), fc.integer({ min: 0, max: 700 })), { maxLength: 5 }),
        (all, steps) => {
          const series = new Series();
          for (const each of all) play(series, each);
          let aged = 0;
          expect(series.windows(NOW)).toEqual(windowsOf(all, 0));
          for (const step of steps) {
            aged += step;
            expect(series.windows(NOW + aged * SECOND)).toEqual(windowsOf(all, aged));
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('have every second of the hour, while others lie as far ahead as they may', () => {
    const series = new Series();
    for (let ageSeconds = HOUR_SECONDS - 1; ageSeconds >= -AHEAD_SECONDS; ageSeconds -= 1) {
      series.count('created', 'all', NOW - ageSeconds * SECOND, 1);
    }
    expect(series.windows(NOW).created).toEqual({ last5s: 5, last1m: 60, last1h: 3_600, total: 4_200 });
    const later = NOW + AHEAD_SECONDS * SECOND;
    expect(series.windows(later).created).toEqual({ last5s: 5, last1m: 60, last1h: 3_600, total: 4_200 });
  });

  it('leave out what is older than any of them, without losing what has its place', () => {
    const series = new Series();
    for (const seconds of [0, 8_192, 16_384]) series.count('created', 'all', NOW - seconds * SECOND, 1);
    expect(series.windows(NOW).created).toEqual({ last5s: 1, last1m: 1, last1h: 1, total: 3 });
  });

  it('count the whole only, and not each part once more', () => {
    const series = new Series();
    for (const dimension of ['all', 'host:node1', 'app:a', 'virtualProxy:v'] as const) {
      series.count('created', dimension, NOW, 1);
    }
    expect(series.windows(NOW).created).toEqual({ last5s: 1, last1m: 1, last1h: 1, total: 1 });
  });

  it('lose nothing of what could be when the clock is set back', () => {
    const series = new Series();
    for (const seconds of [-HOUR_SECONDS, 0, AHEAD_SECONDS])
      series.count('created', 'all', NOW + seconds * SECOND, 1);
    series.forgetFuture(NOW);
    expect(series.windows(NOW).created.last1h).toBe(1);
    expect(series.windows(NOW + AHEAD_SECONDS * SECOND).created.last1h).toBe(2);
  });
});

describe('the seconds that the journal has yet to add up', () => {
  it('are given once, each with what happened in it and what was open at its end', () => {
    const series = new Series();
    const at = Math.floor(NOW / SECOND);
    const bounds = { sessions: { low: 2, high: null }, users: { low: 2, high: 4 } };
    const level = { active: 3, users: 2, connections: 1, connectedUsers: 1, bounds };
    series.count('created', 'all', NOW, 1);
    series.count('destroyed', 'all', NOW, 1, 5_000);
    series.level('all', at, level, false);
    series.level('host:node1', at, level, false);
    expect(series.hasPending('all', at)).toBe(true);
    expect(series.hasPending('all', at + 1)).toBe(false);
    expect(series.hasPending('host:node2', at)).toBe(false);
    const counts = { created: 1, destroyed: 1, rejected: 0, durationMs: 5_000 };
    const none = { created: 0, destroyed: 0, rejected: 0, durationMs: 0 };
    expect(series.takePending().map((second) => ({ ...second }))).toEqual([
      // What happened is news, and stays so when the level is none.
      { at, dimension: 'all', ...counts, level, isNews: true },
      { at, dimension: 'host:node1', ...none, level, isNews: false },
    ]);
    expect(series.takePending()).toEqual([]);
  });

  it('have what happens on a part that is well known however many new ones come at once, and nothing of a surplus one', () => {
    const series = new Series();
    for (let n = 0; n < 3_000; n += 1) series.count('created', `virtualProxy:made-up-${n}`, NOW, 1);
    series.count('created', 'virtualProxy:sales', NOW, 1, 0, 'proven');
    series.count('created', 'virtualProxy:surplus', NOW, 1, 0, 'surplus');
    series.isKnown = (dimension) => dimension === 'virtualProxy:admin';
    series.count('created', 'virtualProxy:admin', NOW, 1, 0, 'surplus');
    const named = series.takePending().map(({ dimension }) => dimension);
    expect(named).toHaveLength(2_002);
    expect(named.slice(-2)).toEqual(['virtualProxy:sales', 'virtualProxy:admin']);
  });

  it('come in their order, so that the level of the last one stands, also where a line was ahead of its time', () => {
    const series = new Series();
    const at = Math.floor(NOW / SECOND);
    const level = (active: number) => ({ active, users: 1, connections: 1, connectedUsers: 1, bounds: null });
    series.count('created', 'all', (at + 2) * SECOND, 1);
    for (const after of [0, 1, 2]) series.level('all', at + after, level(after), false);
    expect(series.takePending().map((second) => [second.at - at, second.level?.active])).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
    ]);
  });
});
