import { describe, expect, it } from 'vitest';
import { Progress } from '../../../sinks/nats/progress.ts';
import { Watermark } from '../../../sinks/nats/watermark.ts';
import type { EdgeReport } from '../../../src/contract/sites/forwarding.ts';

const DAY = 86_400_000;

describe('the watermark', () => {
  it('is where the slowest of the central Headcounts is, of partitions that it follows and of which something was sent', () => {
    const watermark = new Watermark();
    expect(watermark.through([9, 7])).toBe(Number.MAX_SAFE_INTEGER);
    watermark.hear({ centre: 'a', through: [9, 7] }, 0);
    expect(watermark.through([9, 7])).toBe(Number.MAX_SAFE_INTEGER);
    watermark.hear({ centre: 'b', through: [4, null] }, 0);
    expect(watermark.through([9, 12])).toBe(4);
    watermark.hear({ centre: 'b', through: [9, null] }, 0);
    expect(watermark.through([9, 12])).toBe(7);
    expect(watermark.through([9])).toBe(Number.MAX_SAFE_INTEGER);
  });

  it('waits for none that has said nothing for a week, and for a hundred at most', () => {
    const watermark = new Watermark();
    watermark.hear({ centre: 'gone', through: [1] }, 0);
    watermark.hear({ centre: 'here', through: [5] }, 6 * DAY);
    expect(watermark.through([9])).toBe(1);
    watermark.hear({ centre: 'here', through: [5] }, 8 * DAY);
    expect(watermark.through([9])).toBe(5);
    watermark.hear({ centre: 'slow', through: [0] }, 8 * DAY);
    for (let n = 0; n < 100; n += 1) watermark.hear({ centre: `c${n}`, through: [8] }, 8 * DAY);
    expect(watermark.through([9])).toBe(8);
  });
});

describe('the progress of an edge', () => {
  const at = (head: number): EdgeReport => ({
    ...{ at: head * 1_000, head, hosts: [], downtimes: [] },
    all: { quality: 'exact', reasons: [], hidden: 0, doubtfulSessions: 0, doubtfulUsers: 0 },
  });

  it('is the moment of the latest report of which everything is in the stream', () => {
    const progress = new Progress();
    expect(progress.note(at(5), 3)).toBe(0);
    expect(progress.note(at(6), 5)).toBe(5_000);
    expect(progress.note(at(7), 5)).toBe(5_000);
    expect(progress.note(at(8), 100)).toBe(8_000);
  });

  it('is known to within a few reports after a long time in which nothing was sent', () => {
    const progress = new Progress();
    for (let head = 1; head <= 500; head += 1) progress.note(at(head), 0);
    expect(progress.note(at(501), 470)).toBeGreaterThan(440_000);
    expect(progress.note(at(502), 502)).toBe(502_000);
  });
});
