import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { QUALITIES, QUALITY_REASONS } from '../../src/contract/quality.ts';
import { Downtimes } from '../../src/sessions/downtimes.ts';
import { PastQuality } from '../../src/sessions/quality/past-quality.ts';
import type { QualityStatement } from '../../src/sessions/quality/statement.ts';

type Said = Pick<QualityStatement, 'quality' | 'reasons'>;

const SECOND_MS = 1_000;
const BEGAN = 1_000_000;
const EXACT: Said = { quality: 'exact', reasons: [] };
const LOST: Said = { quality: 'estimated', reasons: ['drops'] };

describe('the quality of a past moment', () => {
  it('is the worst that was said from then until ten seconds later, when any loss has been noticed', () => {
    const statement = fc.constantFrom<Said>(
      EXACT,
      LOST,
      { quality: 'estimated', reasons: ['gap'] },
      { quality: 'estimated', reasons: ['downtime', 'gap'] },
    );
    fc.assert(
      fc.property(fc.array(statement, { minLength: 1, maxLength: 60 }), fc.nat(59), (said, second) => {
        const past = new PastQuality(new Downtimes());
        for (const [n, each] of said.entries()) past.note(BEGAN + n * SECOND_MS, each);
        const during = said.filter((_, n) => n >= second && n <= second + 10);
        if (second >= said.length) during.push(said.at(-1) ?? EXACT);
        const rank = Math.max(...during.map(({ quality }) => QUALITIES.indexOf(quality)));
        const worst = during.filter(({ quality }) => QUALITIES.indexOf(quality) === rank);
        expect(past.of(BEGAN + second * SECOND_MS, BEGAN, BEGAN + 100 * SECOND_MS)).toEqual({
          quality: QUALITIES[rank],
          reasons: QUALITY_REASONS.filter((reason) => worst.some(({ reasons }) => reasons.includes(reason))),
        });
      }),
    );
  });

  it('is unknown before the store, in the future, and while the program did not run', () => {
    const downtimes = new Downtimes();
    const past = new PastQuality(downtimes);
    past.note(BEGAN, EXACT);
    downtimes.add(BEGAN + 60_000, BEGAN + 120_000);
    const of = (moment: number) => past.of(BEGAN + moment, BEGAN, BEGAN + 200_000);
    expect(of(-1)).toEqual({ quality: 'unknown', reasons: ['before_store'] });
    expect(of(0)).toEqual(EXACT);
    expect(of(59_999)).toEqual(EXACT);
    expect(of(60_000)).toEqual({ quality: 'unknown', reasons: ['not_running'] });
    expect(of(119_999)).toEqual({ quality: 'unknown', reasons: ['not_running'] });
    expect(of(120_000)).toEqual(EXACT);
    expect(of(200_000)).toEqual(EXACT);
    expect(of(200_001)).toEqual({ quality: 'unknown', reasons: ['future'] });
  });

  it('is that of the host alone where one is asked for, and of all before anything was noted of it', () => {
    const past = new PastQuality(new Downtimes());
    const of = (moment: number, host: string) => past.of(BEGAN + moment, BEGAN, BEGAN + 200_000, host);
    past.note(BEGAN, LOST);
    past.note(BEGAN + 50_000, EXACT, 'node1');
    past.note(BEGAN + 50_000, LOST, 'node2');
    past.note(BEGAN + 90_000, LOST, 'node1');
    expect(of(49_999, 'node1')).toEqual(LOST);
    expect(of(50_000, 'node1')).toEqual(EXACT);
    expect(of(50_000, 'node2')).toEqual(LOST);
    expect(of(50_000, 'node3')).toEqual(LOST);
    expect(of(80_000, 'node1')).toEqual(LOST);
    const restored = new PastQuality(new Downtimes());
    restored.restore(past.changes, JSON.parse(JSON.stringify(past.ofHosts)));
    expect(restored.of(BEGAN + 50_000, BEGAN, BEGAN + 200_000, 'node1')).toEqual(EXACT);
  });

  it('is an estimate since the line before a gap that was found long after, on its host and over all', () => {
    const past = new PastQuality(new Downtimes());
    const of = (moment: number, host: string | null) =>
      past.of(BEGAN + moment, BEGAN, BEGAN + 9_000_000, host);
    for (const host of [null, 'node1', 'node2']) past.note(BEGAN, EXACT, host);
    past.lost({ host: 'node1', reason: 'gap', from: BEGAN + 100_000, to: BEGAN + 7_000_000 });
    const gap = { quality: 'estimated', reasons: ['gap'] };
    for (const host of [null, 'node1']) {
      expect(of(99_999, host)).toEqual(EXACT);
      expect(of(100_000, host)).toEqual(gap);
      expect(of(6_999_999, host)).toEqual(gap);
      expect(of(7_000_000, host)).toEqual(EXACT);
    }
    expect(of(100_000, 'node2')).toEqual(EXACT);
  });

  it('is never said to be exact where it is not remembered', () => {
    const past = new PastQuality(new Downtimes());
    const of = (moment: number) => past.of(BEGAN + moment, BEGAN, BEGAN + 3_000_000);
    past.note(BEGAN + 60_000, EXACT);
    expect(of(59_999)).toEqual({ quality: 'estimated', reasons: ['forgotten'] });
    expect(of(60_000)).toEqual(EXACT);
    for (let n = 0; n < 600; n += 1) past.note(BEGAN + 100_000 + n * 1_000, n % 2 === 0 ? LOST : EXACT);
    expect(past.changes).toHaveLength(500);
    expect(of(110_000)).toEqual({ quality: 'estimated', reasons: ['forgotten'] });
    expect(of(300_000)).toEqual(LOST);
  });

  it('is not remembered where downtimes are not', () => {
    const downtimes = new Downtimes();
    const past = new PastQuality(downtimes);
    past.note(BEGAN, EXACT);
    for (let n = 0; n < 1_000; n += 1) downtimes.add(BEGAN + n * 100 + 50, BEGAN + n * 100 + 60);
    expect(past.of(BEGAN + 40, BEGAN, BEGAN + 200_000).reasons).toEqual(['forgotten']);
    expect(past.of(BEGAN + 70, BEGAN, BEGAN + 200_000)).toEqual(EXACT);
  });

  it('forgets what was said of a time that has not come, where the clock was set back', () => {
    const past = new PastQuality(new Downtimes());
    past.note(BEGAN, EXACT);
    past.note(BEGAN + 90_000, LOST);
    past.note(BEGAN + 10_000, EXACT);
    expect(past.changes).toEqual([{ from: BEGAN, ...EXACT }]);
  });
});
