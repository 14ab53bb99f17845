import { describe, expect, it } from 'vitest';
import { Edges } from '../../../receivers/nats/edges.ts';

const message = (partition: number, previous: number, through: number, edge = 'e1') => ({
  ...{ edge, site: 'berlin', partition, previous, through, gone: 0 },
  ...{ events: [], stream: 's', streamSeq: through },
});

describe('what is known of edges', () => {
  it('says of which partitions events are missing, until they have come', () => {
    const edges = new Edges();
    edges.note(message(0, 0, 5), 'taken', 1_000);
    expect(edges.note(message(0, 9, 12), { missingAfter: 5 }, 2_000)).toBe(true);
    expect(edges.note(message(0, 12, 14), { missingAfter: 5 }, 3_000)).toBe(false);
    expect(edges.holes).toEqual([{ edge: 'e1', partition: 0, after: 5 }]);
    expect(edges.stats).toMatchObject([{ missing: [0], lastSeenAt: '1970-01-01T00:00:03.000Z' }]);
    edges.note(message(0, 5, 14), 'taken', 4_000);
    expect(edges.holes).toEqual([]);
  });

  it('says how far it is behind, once the edge has said how many events it has', () => {
    const edges = new Edges();
    edges.note(message(1, 0, 7), 'taken', 1_000);
    expect(edges.stats).toMatchObject([{ behind: null }]);
    edges.alive('e1', { site: 'berlin', head: 10 }, 2_000);
    expect(edges.stats).toMatchObject([{ behind: 3 }]);
    edges.note(message(1, 7, 12), 'taken', 3_000);
    expect(edges.stats).toMatchObject([{ behind: 0 }]);
  });

  it('has a bound: one edge more makes room of the one that has been silent for longest', () => {
    const edges = new Edges();
    for (let n = 0; n < 1_000; n += 1) edges.alive(`e${n}`, { site: 'berlin', head: 1 }, n);
    edges.alive('e0', { site: 'berlin', head: 1 }, 2_000);
    edges.alive('another', { site: 'berlin', head: 1 }, 3_000);
    const names = edges.stats.map(({ edge }) => edge);
    expect(names).toHaveLength(1_000);
    expect(names).toEqual(expect.arrayContaining(['e0', 'another']));
    expect(names).not.toContain('e1');
  });
});
