import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HOLDS_MS, Lease, LOST_AFTER_MS } from '../../src/centres/lease.ts';
import type { KeptLease, LeaseStore } from '../../src/contract/centres/centre.ts';

/** A store of leases, as a server of NATS keeps them. */
class Kept implements LeaseStore {
  text: string | null = null;
  revision = 0;
  /** What happens on the way there, and on the way back. */
  before: () => Promise<void> = async () => {};
  after: () => Promise<void> = async () => {};

  async read(): Promise<KeptLease> {
    await this.before();
    const { text, revision } = this;
    await this.after();
    return { text, revision };
  }

  async write(_name: string, text: string | null, revision: number): Promise<number | null> {
    await this.before();
    const isLatest = revision === this.revision;
    if (isLatest) {
      this.text = text;
      this.revision += 1;
    }
    const written = this.revision;
    await this.after();
    return isLatest ? written : null;
  }
}

/** The number of a lease of which it is sure. */
const sureTerm = ({ term, isSure }: Lease) => (isSure ? term : null);

describe('a lease', () => {
  it('is taken at once where nobody has it, kept while it is renewed, and goes to another one five seconds after the last time', async () => {
    let now = 0;
    const kept = new Kept();
    const one = new Lease('l', 'one', '1', () => now);
    // Its clock counts from elsewhere.
    const two = new Lease('l', 'two', '2', () => now + 1e9);
    expect(await one.turn(kept)).toBe('taken');
    for (; now < 60_000; now += 1_000) {
      expect(await one.turn(kept)).toBeNull();
      expect(await two.turn(kept)).toBeNull();
      expect([one.term, two.term]).toEqual([1, null]);
    }
    // It stands still from here on.
    const stoodStillAt = now - 1_000;
    for (; two.term === null; now += 500) await two.turn(kept);
    expect(now - stoodStillAt).toBeLessThanOrEqual(LOST_AFTER_MS + 1_000);
    expect([one.term, one.isSure]).toEqual([1, false]);
    expect(await one.turn(kept)).toBe('lost');
    expect(one.term).toBeNull();
    expect(two.term ?? 0).toBeGreaterThan(1);
  });

  it('that was given back is had by another one at once', async () => {
    const kept = new Kept();
    const one = new Lease('l', 'one', '1', () => 0);
    const two = new Lease('l', 'two', '2', () => 0);
    await one.turn(kept);
    await two.turn(kept);
    await one.giveBack(kept);
    expect(one.term).toBeNull();
    expect(await two.turn(kept)).toBe('taken');
  });

  it('goes to one who has caught up rather than to one who has not', async () => {
    let now = 0;
    const kept = new Kept();
    const [late, ready] = ['late', 'ready'].map((name) => new Lease('l', name, name, () => now)) as [
      Lease,
      Lease,
    ];
    const first = new Lease('l', 'first', 'first', () => now);
    await first.turn(kept);
    for (; late.term === null && ready.term === null; now += 500) {
      await late.turn(kept, false);
      if (now >= 5_500) await ready.turn(kept);
      else await ready.turn(kept, false);
    }
    expect([late.term, ready.term]).toEqual([null, 2]);
    // Where there is no other one it takes it all the same.
    for (const end = now + 10_000; now < end; now += 500) await late.turn(kept, false);
    expect(late.term).toBe(3);
  });

  it('that was renewed without an answer to it is still had', async () => {
    let now = 0;
    const kept = new Kept();
    const one = new Lease('l', 'one', '1', () => now);
    await one.turn(kept);
    kept.after = async () => {
      throw new Error('no answer');
    };
    now = 1_000;
    await expect(one.turn(kept)).rejects.toThrow('no answer');
    kept.after = async () => {};
    now = 2_000;
    expect(await one.turn(kept)).toBeNull();
    expect(await one.turn(kept)).toBeNull();
    now = 2_000 + HOLDS_MS - 1;
    expect(sureTerm(one)).toBe(1);
    now += 1;
    expect(sureTerm(one)).toBeNull();
  });

  it('is never with two at once, whoever stands still and whatever is late or lost on the way', async () => {
    const step = fc.record({
      who: fc.nat({ max: 2 }),
      passes: fc.constantFrom(0, 100, 900, 1_000, 1_500, 4_000, 6_000),
      late: fc.constantFrom(0, 0, 300, 2_000, 7_000),
      fate: fc.constantFrom('answered', 'answered', 'lost', 'unanswered', 'overtaken'),
      restarts: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        let now = 0;
        const kept = new Kept();
        const newOne = (place: number, life: number) =>
          new Lease('l', `centre${place}`, `${place}-${life}`, () => now + place * 1e6);
        const leases = [0, 1, 2].map((place) => newOne(place, 0));
        const terms = new Set<number>();
        const look = () => {
          const held = leases.map(sureTerm).filter((term) => term !== null);
          expect(held.length).toBeLessThanOrEqual(1);
          for (const term of held) terms.add(term);
        };
        for (const [n, { who, passes, late, fate, restarts }] of steps.entries()) {
          now += passes;
          look();
          if (restarts && n % 7 === 0) leases[who] = newOne(who, n);
          kept.before = async () => {
            if (fate === 'lost') throw new Error('never arrived');
            // Another one is faster.
            kept.before = async () => {};
            if (fate === 'overtaken') await leases[(who + 1) % 3]?.turn(kept);
            now += late;
            look();
          };
          kept.after = async () => {
            if (fate === 'unanswered') throw new Error('no answer');
          };
          await leases[who]?.turn(kept).catch(() => {});
          look();
        }
        // Whoever has it later has a higher number.
        expect([...terms]).toEqual([...terms].sort((a, b) => a - b));
      }),
    );
  });
});
