import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Gauge, makeRoom } from '../../../src/sessions/tally/gauge.ts';

describe('a gauge', () => {
  it('has as many users as a list of who is there has different names', () => {
    const steps = fc.array(
      fc.record({ user: fc.constantFrom('anna', 'bert', 'carl'), comes: fc.boolean() }),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(steps, (all) => {
        const gauge = new Gauge<string>('app', 'one');
        const there: string[] = [];
        for (const { user, comes } of all) {
          const place = there.indexOf(user);
          if (comes) {
            there.push(user);
            gauge.add(user);
          } else if (place >= 0) {
            there.splice(place, 1);
            gauge.remove(user);
          }
          expect(gauge.users.size).toBe(new Set(there).size);
        }
      }),
    );
  });

  it('makes room for another one where few connections are open, those first that came first', () => {
    const gauges = new Map(
      Array.from({ length: 16 }, (_, n) => {
        const gauge = new Gauge<string>('app', `app${n}`);
        gauge.connections = n % 4 === 0 ? 1 : 10 + n;
        return [`app${n}`, gauge] as const;
      }),
    );
    makeRoom(gauges);
    expect([gauges.size, gauges.has('app0'), gauges.has('app4'), gauges.has('app8')]).toEqual([
      14,
      false,
      false,
      true,
    ]);
    for (const gauge of gauges.values()) gauge.connections += 100;
    makeRoom(gauges);
    expect(gauges.size).toBe(12);
  });
});
