import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { UserEvent } from '../../src/contract/event.ts';
import type { EdgePosition, ForwardedEvents } from '../../src/contract/sites/forwarding.ts';
import { Forwarding } from '../../src/intake/forwarding.ts';
import { Site } from '../../src/sessions/site.ts';
import { eventAt } from './event-under-test.ts';
import { pipelineUnderTest } from './pipeline-under-test.ts';

const message = (from: number, through: number, more: Partial<ForwardedEvents> = {}): ForwardedEvents => ({
  ...{ edge: 'edge', site: 'berlin', partition: 0, previous: from - 1, through, gone: 0 },
  ...{ stream: 'stream', streamSeq: 1 },
  events: Array.from({ length: through - from + 1 }, (_, n) => ({
    seq: from + n,
    event: eventAt('session_start', 0, { message: String(from + n) }),
  })),
  ...more,
});

const NOW = 1_780_000_000_000;
const SETTINGS = { timeoutMs: 1_800_000, graceMs: 300_000, maxAgeMs: 86_400_000 };

class Centre {
  readonly applied: UserEvent[] = [];
  readonly positions: EdgePosition[] = [];
  readonly site = new Site(SETTINGS);
  behind = false;
  trouble: string | null = null;
  forwarding = this.begin();

  /** As after a restart. */
  begin(): Forwarding {
    const { positions, applied } = this;
    const isBehind = () => this.behind;
    const trouble = () => this.trouble;
    return new Forwarding(
      [...new Map(positions.map((each) => [`${each.edge} ${each.partition}`, each])).values()],
      {
        store: {
          isBehind,
          get trouble() {
            return trouble();
          },
          addPosition: (position) => positions.push(position),
        },
        apply: (events) => applied.push(...events),
        otherSites: this.site.otherSites,
        now: () => NOW,
      },
    );
  }
}

describe('events of edges', () => {
  it('are each applied once and in the order of their numbers, whatever comes twice, overlaps or is missing', () => {
    const step = fc.record({
      partition: fc.nat({ max: 1 }),
      from: fc.integer({ min: 1, max: 30 }),
      length: fc.integer({ min: 1, max: 12 }),
      restart: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const centre = new Centre();
        /** What each partition has got: all up to a number. */
        const model = new Map<number, number>();
        let expected = 0;
        for (const { partition, from, length, restart } of steps) {
          if (restart) centre.forwarding = centre.begin();
          const through = from + length - 1;
          const known = model.get(partition);
          const outcome = centre.forwarding.forward(message(from, through, { partition }));
          if (known === undefined) {
            model.set(partition, through);
            expected += length;
          } else if (from - 1 > known) expect(outcome).toEqual({ missingAfter: known });
          else if (through <= known) expect(outcome).toBe('known');
          else {
            expected += through - known;
            model.set(partition, through);
          }
        }
        expect(centre.applied).toHaveLength(expected);
        for (const partition of model.keys()) {
          const last = centre.positions.findLast((each) => each.partition === partition);
          expect(last?.seq).toBe(model.get(partition));
        }
      }),
    );
  });

  it('come from hosts of their site', () => {
    const centre = new Centre();
    centre.forwarding.forward(message(1, 1));
    expect(centre.applied.map(({ host }) => host)).toEqual([`berlin/${eventAt('session_start', 0).host}`]);
  });

  it('are not taken while the journal is behind or in trouble, and nothing is forgotten by that', () => {
    const centre = new Centre();
    centre.behind = true;
    expect(centre.forwarding.forward(message(1, 3))).toBe('full');
    centre.behind = false;
    centre.trouble = 'the disk is full';
    expect(centre.forwarding.forward(message(1, 3))).toBe('full');
    centre.trouble = null;
    expect(centre.forwarding.forward(message(1, 3))).toBe('taken');
    expect(centre.applied).toHaveLength(3);
  });

  it('that are gone for good are said to be lost', () => {
    const centre = new Centre();
    centre.forwarding.forward(message(1, 3));
    const [first] = centre.applied;
    if (first !== undefined) centre.site.apply(first, 1);
    expect(centre.forwarding.forward(message(9, 10, { previous: 3, gone: 5 }))).toBe('taken');
    expect(centre.applied).toHaveLength(5);
    const [host] = centre.site.identities.hosts.values();
    expect(host?.losses).toEqual([expect.objectContaining({ reason: 'gap', lines: 5, to: NOW })]);
  });

  it('are counted as what comes in otherwise: excluded, refused or accepted', () => {
    const { pipeline, store } = pipelineUnderTest([{ directory: 'LAB', userId: 'bert' }]);
    const users = ['anna', 'bert', 'carl'];
    const events = users.map((id, n) => ({
      seq: n + 1,
      event: eventAt('session_start', 0, {
        user: { directory: 'LAB', id },
        eventId: id === 'carl' ? '0' : String(n),
      }),
    }));
    expect(pipeline.edges.forward({ ...message(1, 3), events })).toBe('taken');
    expect(pipeline.counters).toMatchObject({ received: 3, excluded: 1, duplicates: 1 });
    expect(store.events).toHaveLength(1);
    expect(store.positions).toEqual([expect.objectContaining({ edge: 'edge', partition: 0, seq: 3 })]);
    expect(pipeline.edges.positions()).toEqual(store.positions);
  });
});
