import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Snapshot } from '../../../src/contract/snapshot.ts';
import { PolledSite, person, snapshotOf, T } from './polled-site.ts';
import { ReconcileModel } from './reconcile-model.ts';

const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 300);
const HOSTS = ['node1', 'node2'];
const PROXIES = ['/', '/sales'];
const USERS = ['anna', 'bert'];
const IDS = USERS.flatMap((user) => [1, 2, 3].map((n) => `${user}/${n}`));

type Step =
  | { type: 'start' | 'stop' | 'open'; host: string; user: string }
  | { type: 'snapshot'; snapshot: Omit<Snapshot, 'at'>; ageMs: number };

const user = fc.constantFrom('anna', 'anna', 'anna', 'bert');
const host = fc.constantFrom('node1', 'node1', 'node1', 'node2');
const line = fc.record({
  type: fc.constantFrom('start' as const, 'start' as const, 'stop' as const, 'open' as const),
  host,
  user,
});
const answer = fc
  .record({
    host,
    virtualProxy: fc.constantFrom('/', '/', '/sales'),
    ids: fc.subarray(IDS, { maxLength: 4 }),
    hidden: fc.oneof(
      { weight: 12, arbitrary: fc.constant<string[]>([]) },
      { weight: 1, arbitrary: fc.subarray(USERS) },
    ),
    isWhole: fc.boolean(),
    isLoud: fc.integer({ min: 0, max: 4 }),
    ageMs: fc.constantFrom(0, 0, 0, 8_000, 17_000),
  })
  .map(({ host, virtualProxy, ids, hidden, isWhole, isLoud, ageMs }): Step => {
    const { at: _, ...snapshot } = snapshotOf(0, ids, {
      host,
      virtualProxy,
      hidden: hidden.map((id) => ({ id: `hidden ${id}`, user: person(id) })),
      allVirtualProxies: isWhole ? PROXIES : null,
    });
    const shouted = snapshot.sessions.map(({ id, user }) => ({
      id,
      user: { directory: 'lab', id: user?.id.toUpperCase() ?? '' },
    }));
    return {
      type: 'snapshot',
      snapshot: isLoud === 0 ? { ...snapshot, sessions: shouted } : snapshot,
      ageMs,
    };
  });
/** The same answer again and again, as is usual. */
const steady = fc
  .tuple(answer, fc.integer({ min: 2, max: 4 }))
  .map(([step, times]) => Array.from({ length: times }, () => step));
const steps = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: line.map((step): Step[] => [step]) },
      { weight: 1, arbitrary: answer.map((step) => [step]) },
      { weight: 1, arbitrary: steady },
    ),
    { minLength: 1, maxLength: 25, size: 'max' },
  )
  .map((all) => all.flat());

/** Sessions of several keys are made in no certain order. */
function byKey<R extends { host: string; user: string }>(records: readonly R[]): R[] {
  return records.toSorted((a, b) => `${a.host} ${a.user}`.localeCompare(`${b.host} ${b.user}`));
}

it('does what the model does, whatever proxies answer', () => {
  fc.assert(
    fc.property(steps, fc.boolean(), (all, isBertExcluded) => {
      const site = new PolledSite();
      if (isBertExcluded) site.excluded.add('lab\\bert');
      const model = new ReconcileModel((name) => isBertExcluded && name === 'lab\\bert');
      let now = T;
      for (const step of all) {
        now += 7_000;
        if (step.type === 'snapshot') {
          const snapshot = { ...step.snapshot, at: now - step.ageMs };
          site.snapshot(snapshot, now);
          model.snapshot(snapshot, now);
        } else {
          const kind = { start: 'session_start', stop: 'session_stop', open: 'connection_open' } as const;
          site.line(kind[step.type], step.user, now, step.host);
          model[step.type](step.host, `lab\\${step.user}`, now);
        }
        const expected = model.sessions.map(({ host, user, virtualProxy, startedAt, ended }) => {
          return { host, user, virtualProxy, startedAt, ended: ended && { by: ended.by, at: ended.at } };
        });
        expect(byKey(site.records)).toEqual(byKey(expected));
        const { created, destroyed } = site.series.totals;
        expect(created - destroyed).toBe(site.counts.sessions);
      }
      expect(HOSTS.every((name) => (site.identities.hosts.get(name)?.openSessions ?? 0) >= 0)).toBe(true);
    }),
    { numRuns: RUNS },
  );
});
