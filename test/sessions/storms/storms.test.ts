import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Host, Key, KnownUser } from '../../../src/sessions/session.ts';
import { type Storm, Storms } from '../../../src/sessions/storms/storms.ts';
import { ModelStorms } from './model-storms.ts';

const NOON = Date.parse('2026-05-19T12:00:00Z');
const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

const keyOf = (id: string | null, host = 'qs1') =>
  new Key(new Host(host, 0, 0), id === null ? null : new KnownUser('LAB', id));

/** Storms of so many Starts a minute, a clock, and what was said. */
class StormsUnderTest {
  readonly storms: Storms;
  readonly said: string[] = [];
  now = NOON;

  constructor(starts: number, mostWatched?: number) {
    this.storms = new Storms(starts, mostWatched);
    this.storms.onBegun = (storm) => this.said.push(`${nameOf(storm)} began`);
    this.storms.onEnded = (storm) => this.said.push(`${nameOf(storm)} ended`);
  }

  start(key: Key, times = 1): void {
    for (let n = 0; n < times; n += 1) this.storms.note(key, { at: this.now, receivedAt: this.now });
  }

  /** Lets so many seconds pass, and starts so many sessions in each. */
  pass(seconds: number, key: Key | null = null, each = 1): void {
    for (let second = 0; second < seconds; second += 1) {
      this.now += SECOND_MS;
      if (key !== null) this.start(key, each);
      this.storms.tick(this.now);
    }
  }
}

function nameOf({ key }: Storm): string {
  return `${key.user?.id ?? 'nobody'} on ${key.host.name}`;
}

describe('a storm', () => {
  it('is one user on one host who logs in as often within a minute as the threshold says', () => {
    const under = new StormsUnderTest(30);
    const ann = keyOf('ann');
    under.pass(29, ann);
    under.start(keyOf('bob'), 10);
    expect(under.storms.all).toEqual([]);
    under.pass(1, ann);
    expect(under.storms.all).toEqual([
      { key: ann, since: NOON + SECOND_MS, startsTotal: 30, startsLastMinute: 30, endedAt: null },
    ]);
    expect(under.said).toEqual(['ann on qs1 began']);
  });

  it('is none where as many Starts take longer than a minute', () => {
    const under = new StormsUnderTest(30);
    const ann = keyOf('ann');
    for (let start = 0; start < 300; start += 1) {
      under.start(ann);
      under.pass(3);
    }
    expect(under.storms.all).toEqual([]);
  });

  it('is over when it has been calm for three minutes, and is said to begin and to end once', () => {
    const under = new StormsUnderTest(30);
    const ann = keyOf('ann');
    under.pass(600, ann, 2);
    // Half as many do not end it.
    for (let n = 0; n < 60; n += 1) {
      under.pass(4);
      under.start(ann);
    }
    expect(under.said).toEqual(['ann on qs1 began']);
    const calmAt = under.now;
    under.pass(5 * 60);
    expect(under.said).toEqual(['ann on qs1 began', 'ann on qs1 ended']);
    const [storm] = under.storms.all;
    expect(storm).toMatchObject({ startsTotal: 1_260, startsLastMinute: 0, since: NOON + SECOND_MS });
    expect(storm?.endedAt).toBeGreaterThanOrEqual(calmAt);
    expect(storm?.endedAt).toBeLessThanOrEqual(calmAt + MINUTE_MS);
    under.pass(24 * 3_600);
    expect(under.storms.all).toEqual([]);
  });

  it('may be of those whom no line names', () => {
    const under = new StormsUnderTest(2);
    under.start(keyOf(null), 2);
    expect(under.said).toEqual(['nobody on qs1 began']);
  });

  it('is not made by lines that come from a queue long after what they tell', () => {
    const under = new StormsUnderTest(2);
    const ann = keyOf('ann');
    for (let minute = 3; minute < 60; minute += 1) {
      under.storms.note(ann, { at: NOON - minute * MINUTE_MS, receivedAt: NOON });
    }
    expect(under.storms.all).toEqual([]);
  });

  it('is nothing that is looked for with a threshold of 0', () => {
    const under = new StormsUnderTest(0);
    under.start(keyOf('ann'), 1_000);
    under.pass(1);
    expect([under.storms.all, under.said]).toEqual([[], []]);
  });

  it('of somebody whom the rules of now exclude is not shown, and ends', () => {
    const under = new StormsUnderTest(2);
    const ann = keyOf('ann');
    under.start(ann, 2);
    expect([...under.storms.byHost]).toEqual([['qs1', 1]]);
    if (ann.user !== null) ann.user.isHidden = true;
    expect(under.storms.all).toEqual([]);
    expect([...under.storms.byHost]).toEqual([]);
    under.pass(1);
    expect(under.said).toEqual(['ann on qs1 began', 'ann on qs1 ended']);
  });

  it('is looked for anew where the clock is set back', () => {
    const under = new StormsUnderTest(3);
    const ann = keyOf('ann');
    under.start(ann, 4);
    under.now -= 3_600_000;
    under.start(ann, 2);
    under.pass(1);
    expect(under.said).toEqual(['ann on qs1 began', 'ann on qs1 ended']);
    under.start(ann);
    expect(under.said.at(-1)).toBe('ann on qs1 began');
  });
});

describe('storms', () => {
  it('are listed with the largest first, then those that are over with the latest first', () => {
    const under = new StormsUnderTest(2);
    const [ann, bob, cy, di] = ['ann', 'bob', 'cy', 'di'].map((id) => keyOf(id)) as [Key, Key, Key, Key];
    under.start(ann, 5);
    under.pass(400);
    under.start(bob, 5);
    under.pass(400);
    under.start(cy, 3);
    under.start(di, 4);
    expect(under.storms.all.map(nameOf)).toEqual(['di on qs1', 'cy on qs1', 'bob on qs1', 'ann on qs1']);
  });

  it('are listed up to a bound, and counted beyond it', () => {
    const under = new StormsUnderTest(2);
    for (let n = 0; n < 300; n += 1) under.start(keyOf(`u${n}`), 2 + (n % 7));
    expect(under.storms.all).toHaveLength(100);
    expect(under.storms.all.at(-1)?.startsLastMinute).toBeGreaterThan(5);
    expect([...under.storms.byHost]).toEqual([['qs1', 300]]);
    under.pass(400);
    expect(under.storms.all).toHaveLength(20);
  });

  it('are found in a flood of made-up users, whose names make room', () => {
    const under = new StormsUnderTest(30, 100);
    const ann = keyOf('ann');
    for (let n = 0; n < 20_000; n += 1) {
      if (n % 20 === 0) under.start(ann);
      under.start(keyOf(`u${n}`));
      if (n % 1_000 === 0) under.pass(1);
    }
    expect(under.storms.all.map(nameOf)).toEqual(['ann on qs1']);
    expect(under.storms.all[0]?.startsTotal).toBe(1_000);
  });

  it('lose of those that are watched the half with the fewest Starts, and of equal ones the first', () => {
    const counts = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 10, maxLength: 10 });
    fc.assert(
      fc.property(counts, (counts) => {
        const under = new StormsUnderTest(6, 10);
        const users = counts.map((starts, n) => ({ key: keyOf(`u${n}`), starts }));
        for (const { key, starts } of users) under.start(key, starts);
        under.start(keyOf('new'));
        const fewestFirst = users.toSorted((one, other) => one.starts - other.starts);
        const [lost, kept] = [fewestFirst.slice(0, 5), fewestFirst.slice(5)];
        // Whoever was forgotten has yet to start six.
        for (const { key, starts } of [...kept, ...lost.slice(0, 4)]) under.start(key, 6 - starts);
        expect(new Set(under.storms.all.map(({ key }) => key))).toEqual(new Set(kept.map(({ key }) => key)));
      }),
    );
  });

  it('are what looking at every Start says, whatever comes when', () => {
    const keys = ['ann', 'bob', null].map((id) => keyOf(id));
    const step = fc.record({
      key: fc.nat(2),
      times: fc.constantFrom(1, 1, 2, 5),
      /** Before the time of the latest line, as where threads hand lines over. */
      earlierMs: fc.constantFrom(0, 0, 0, 10, 1_500, 30_000),
      passMs: fc.constantFrom(0, 0, 10, 700, 1_000, 9_000, 31_000, 200_000),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 6 }), (steps, starts) => {
        const under = new StormsUnderTest(starts);
        const model = new ModelStorms(starts);
        for (const { key: place, times, earlierMs, passMs } of steps) {
          const key = keys[place] as Key;
          for (let n = 0; n < times; n += 1) {
            const receivedAt = under.now - earlierMs;
            under.storms.note(key, { at: receivedAt, receivedAt });
            model.note(key, receivedAt);
          }
          const until = under.now + passMs;
          while (under.now < until) {
            under.now = Math.min(until, under.now + SECOND_MS);
            under.storms.tick(under.now);
            model.tick(under.now);
          }
          const told = new Map(
            under.storms.all.filter(({ endedAt }) => endedAt === null).map((s) => [s.key, s]),
          );
          expect(told).toEqual(model.goingOn);
          const over = under.storms.all.filter(({ endedAt }) => endedAt !== null);
          expect(over).toEqual(model.over.toReversed().slice(0, 20));
        }
      }),
    );
  });
});
