import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Gauge } from '../../../src/sessions/tally/gauge.ts';

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
            gauge.enter(user);
          } else if (place >= 0) {
            there.splice(place, 1);
            gauge.leave(user);
          }
          expect(gauge.users.size).toBe(new Set(there).size);
        }
      }),
    );
  });
});
