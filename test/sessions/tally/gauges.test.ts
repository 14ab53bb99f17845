import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Gauge } from '../../../src/sessions/tally/gauge.ts';
import { Gauges } from '../../../src/sessions/tally/gauges.ts';

const SHOWN = 4;
const KNOWN = 16;

interface Entry {
  readonly name: string;
  readonly user: string;
  readonly gauge: Gauge<string>;
}

function openUnder(gauges: Gauges<string>, names: readonly string[]): Entry[] {
  return names.map((name) => ({ name, user: 'anna', gauge: gauges.enter(name, 'anna') }));
}

const namesOf = (each: Iterable<Gauge<string>>) => Array.from(each, ({ name }) => name);
const madeUp = (from: number, count: number) => Array.from({ length: count }, (_, n) => `ghost${from + n}`);

describe('what is open under names', () => {
  const step = fc.oneof(
    fc.record({ name: fc.nat(39).map((n) => `name${n}`), user: fc.constantFrom('anna', 'bert') }),
    fc.record({ leaves: fc.nat(99) }),
  );

  it('is what was opened since a name is known, less what was left; there are never too many names, and who is well known stays', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const gauges = new Gauges<string>('virtualProxy', SHOWN);
        let there: Entry[] = [];
        // Every name that is known, with how often something was opened under it. That which was known first comes first.
        let known: { readonly name: string; readonly gauge: Gauge<string>; opened: number }[] = [];
        for (const each of steps) {
          if ('leaves' in each) {
            const gone = there[each.leaves % Math.max(1, there.length)];
            if (gone === undefined) continue;
            gauges.leave(gone.gauge, gone.user);
            there = there.filter((entry) => entry !== gone);
          } else {
            const isFull = known.length === KNOWN && known.every(({ name }) => name !== each.name);
            const worth = ({ gauge, opened }: (typeof known)[number]) => {
              const open = there.filter((entry) => entry.gauge === gauge).length;
              return open === 0 && opened < 8 ? 0 : opened.toString(2).length;
            };
            const before = known.map((one) => ({ ...one, worth: worth(one) }));
            const gauge = gauges.enter(each.name, each.user);
            there.push({ ...each, gauge });
            const old = known.find((one) => one.gauge === gauge);
            if (old === undefined) known.push({ name: each.name, gauge, opened: 1 });
            else old.opened += 1;
            if (isFull) {
              // Two of the sixteen go; who goes is no better than whoever of the others is not among the best four.
              const best = before.toSorted((a, b) => b.worth - a.worth).slice(0, SHOWN);
              const others = before
                .filter((one) => !best.includes(one))
                .toSorted((a, b) => a.worth - b.worth);
              const gone = others.slice(0, 2).map(({ name }) => name);
              known = known.filter(({ name }) => !gone.includes(name));
            }
          }
          const open = known
            .map(({ name, gauge }) => [name, there.filter((entry) => entry.gauge === gauge)] as const)
            .filter(([, entries]) => entries.length > 0);
          const found = Array.from(gauges, ([name, { sessions, users }]) => [name, sessions, users.size]);
          expect(found).toEqual(
            open.map(([name, all]) => [name, all.length, new Set(all.map(({ user }) => user)).size]),
          );
          expect(gauges.size).toBe(open.length);
        }
      }),
    );
  });

  it('is told first of names that are proven, and of the others of those that are known for longest', () => {
    const gauges = new Gauges<string>('app', SHOWN);
    openUnder(gauges, ['first', ...madeUp(0, 10), 'well-known', ...Array(8).fill('well-known')]);
    expect(namesOf(gauges.shown)).toEqual(['well-known', 'first', 'ghost0', 'ghost1']);
    expect(['well-known', 'first', 'new'].map((name) => gauges.standingOf(name))).toEqual([
      'proven',
      'surplus',
      'surplus',
    ]);
  });

  it('outlives a flood of made-up names, also where it is little; a name that was used often is remembered while nothing is open', () => {
    const gauges = new Gauges<string>('app', SHOWN);
    const [one] = openUnder(gauges, ['one']);
    for (const { gauge } of openUnder(gauges, Array(8).fill('idle'))) gauges.leave(gauge, 'anna');
    openUnder(gauges, madeUp(0, 1_000));
    expect(namesOf(gauges.shown)).toContain('one');
    expect(gauges.standingOf('idle')).toBe('proven');
    if (one !== undefined) gauges.leave(one.gauge, 'anna');
    expect(namesOf(gauges.shown)).not.toContain('one');
  });

  it('takes what is open under a name that made room out of no other number', () => {
    const gauges = new Gauges<string>('app', SHOWN);
    const ghosts = openUnder(gauges, madeUp(0, 1_000));
    const [again] = openUnder(gauges, ['ghost500']);
    for (const { gauge } of ghosts) gauges.leave(gauge, 'anna');
    expect([gauges.size, again?.gauge.open]).toEqual([1, 1]);
  });
});
