import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/simulator/random.ts';
import { createNetwork, type Faults } from '../../src/simulator/simulation.ts';
import { createSchedule } from '../../src/simulator/site.ts';
import { NO_FAULTS } from './simulation-under-test.ts';

const LINES = 20_000;

/** One line every millisecond; what came out, in order, with the time of its arrival. */
function transmit(faults: Partial<Faults>) {
  const network = createNetwork<number>({ ...NO_FAULTS, ...faults }, createRandom(3));
  const arrived: { item: number; at: number }[] = [];
  for (let at = 0; at < LINES + 1000; at += 1) {
    if (at < LINES) network.offer(at, at);
    for (const item of network.take(at)) arrived.push({ item, at });
  }
  expect(network.nextAt()).toBeNull();
  return { arrived, counts: network.counts() };
}

describe('the simulated network', () => {
  it('hands on every line at once and in order when it has no faults', () => {
    const { arrived, counts } = transmit({});
    expect(arrived).toEqual(Array.from({ length: LINES }, (_, n) => ({ item: n, at: n })));
    expect(counts).toEqual({ offered: LINES, lost: 0, duplicated: 0, delivered: LINES, reordered: 0 });
  });

  it('loses the share that it was told to and counts every one', () => {
    const { arrived, counts } = transmit({ loss: 0.1 });
    expect(counts.lost).toBe(LINES - new Set(arrived.map(({ item }) => item)).size);
    expect(Math.abs(counts.lost - 0.1 * LINES)).toBeLessThan(0.01 * LINES);
  });

  it('loses the same share in bursts of the length that it was told', () => {
    const { arrived, counts } = transmit({ loss: 0.1, lossBurst: 8 });
    expect(Math.abs(counts.lost - 0.1 * LINES)).toBeLessThan(0.02 * LINES);
    const bursts = arrived.filter(({ item }, n) => item > (arrived[n - 1]?.item ?? -1) + 1).length;
    expect(Math.abs(counts.lost / bursts - 8)).toBeLessThan(1.5);
  });

  it('counts what is lost before it as lost', () => {
    const network = createNetwork<number>(NO_FAULTS, createRandom(3));
    network.lose();
    expect(network.counts()).toMatchObject({ offered: 1, lost: 1, delivered: 0 });
    expect(network.nextAt()).toBeNull();
  });

  it('duplicates the share that it was told to and counts every one', () => {
    const { arrived, counts } = transmit({ duplicate: 0.2 });
    expect(counts.duplicated).toBe(arrived.length - LINES);
    expect(new Set(arrived.map(({ item }) => item)).size).toBe(LINES);
    expect(Math.abs(counts.duplicated - 0.2 * LINES)).toBeLessThan(0.01 * LINES);
  });

  it('delays some lines, none by more than the limit, and counts those that were overtaken', () => {
    const { arrived, counts } = transmit({ reorder: 0.3, reorderDelayMs: 50 });
    const late = arrived.filter(({ item, at }) => at > item);
    expect(Math.abs(late.length - 0.3 * LINES)).toBeLessThan(0.02 * LINES);
    expect(Math.max(...late.map(({ item, at }) => at - item))).toBeLessThanOrEqual(50);
    const overtaken = arrived.filter(({ item }, n) =>
      arrived.slice(0, n).some((before) => before.item > item),
    );
    expect(counts.reordered).toBe(overtaken.length);
    expect(arrived.map(({ item }) => item).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: LINES }, (_, n) => n),
    );
  });

  it('accounts for every line with all faults together', () => {
    const { arrived, counts } = transmit({ loss: 0.1, duplicate: 0.1, reorder: 0.1, reorderDelayMs: 20 });
    expect(counts.delivered).toBe(arrived.length);
    expect(counts.delivered).toBe(counts.offered - counts.lost + counts.duplicated);
  });
});

describe('the schedule', () => {
  it('gives items in order of time, equal times in order of arrival', () => {
    const random = createRandom(9);
    const schedule = createSchedule<{ at: number; n: number }>();
    const items = Array.from({ length: 2000 }, (_, n) => ({ at: Math.floor(random() * 50), n }));
    for (const item of items) schedule.add(item.at, item);
    const taken = items.map(() => schedule.take());
    expect(taken).toEqual(items.toSorted((a, b) => a.at - b.at || a.n - b.n));
    expect([schedule.take(), schedule.nextAt(), schedule.size]).toEqual([null, null, 0]);
  });
});
