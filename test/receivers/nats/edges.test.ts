import { describe, expect, it } from 'vitest';
import { Edges } from '../../../receivers/nats/edges.ts';

const message = (partition: number, previous: number, through: number, edge = 'e1') => ({
  ...{ edge, site: 'berlin', partition, previous, through, gone: 0 },
  ...{ events: [], stream: 's', streamSeq: through },
});

const NOTHING = new Map<number, number>();

describe('what is known of edges', () => {
  it('says of which partitions events are missing, until they have come', () => {
    const edges = new Edges();
    edges.note(message(0, 0, 5), 'taken', 1_000);
    expect(edges.note(message(0, 9, 12), { missingAfter: 5 }, 2_000)).toBe(true);
    expect(edges.note(message(0, 12, 14), { missingAfter: 5 }, 3_000)).toBe(false);
    expect(edges.holes).toEqual([{ edge: 'e1', partition: 0, after: 5 }]);
    expect(edges.stats(() => null)).toMatchObject([{ missing: [0], lastSeenAt: '1970-01-01T00:00:03.000Z' }]);
    edges.note(message(0, 5, 14), 'taken', 4_000);
    expect(edges.holes).toEqual([]);
  });

  it('takes for missing what an edge says twice is in a stream whose end was reached without it', () => {
    const edges = new Edges();
    const lacks = (after: number, at: number) =>
      edges.alive('e1', { site: 'berlin' }, new Map([[2, after]]), at);
    lacks(4, 1_000);
    // Some came meanwhile: the rest may be on its way.
    lacks(7, 3_000);
    expect(edges.holes).toEqual([]);
    lacks(7, 5_000);
    expect(edges.holes).toEqual([{ edge: 'e1', partition: 2, after: 7 }]);
    edges.note(message(2, 7, 9), 'taken', 6_000);
    edges.alive('e1', { site: 'berlin' }, new Map(), 7_000);
    expect(edges.holes).toEqual([]);
  });

  it('has a bound: one edge more makes room of the one that has been silent for longest', () => {
    const edges = new Edges();
    for (let n = 0; n < 1_000; n += 1) edges.alive(`e${n}`, { site: 'berlin' }, NOTHING, n);
    edges.alive('e0', { site: 'berlin' }, NOTHING, 2_000);
    edges.alive('another', { site: 'berlin' }, NOTHING, 3_000);
    const names = edges.stats(() => null).map(({ edge }) => edge);
    expect(names).toHaveLength(1_000);
    expect(names).toEqual(expect.arrayContaining(['e0', 'another']));
    expect(names).not.toContain('e1');
  });
});
