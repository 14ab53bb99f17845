import fc from 'fast-check';
import { expect, it } from 'vitest';
import { userName } from '../model/session-model.ts';
import { PolledSite, snapshotOf, T } from './polled-site.ts';
import { ALL, type Deed, deed, World } from './world.ts';

const numRuns = Number(process.env['PROPERTY_RUNS'] ?? 300);
const deeds = fc.array(deed, { maxLength: 40, size: 'max' });

/** A site, and the world that it is told of. */
function told(of: readonly Deed[]): { site: PolledSite; world: World } {
  const site = new PolledSite();
  const world = new World(site);
  for (const each of of) world.do(each);
  return { site, world };
}

it('two rounds of snapshots heal any difference, in whatever order proxies are asked', () => {
  const order = fc.shuffledSubarray([...ALL], { minLength: ALL.length });
  fc.assert(
    fc.property(deeds, order, order, (all, first, second) => {
      const { site, world } = told(all);
      world.round(first);
      world.round(second);
      expect(site.open).toEqual(world.truth);
      world.round(first);
      expect(site.open).toEqual(world.truth);
      // A host that nobody was ever on has been asked too.
      expect(site.quality.reconciledAt).toBeGreaterThan(T);
    }),
    { numRuns },
  );
});

it('snapshots alone are enough: without any line the picture is right within two rounds', () => {
  const silent = deeds.map((all) => all.map((each) => ('isLost' in each ? { ...each, isLost: true } : each)));
  fc.assert(
    fc.property(silent, (all) => {
      const { site, world } = told(all);
      world.round();
      world.round();
      expect(site.open).toEqual(world.truth);
    }),
    { numRuns },
  );
});

it('the first round after a start is right at once, but for those who left', () => {
  fc.assert(
    fc.property(deeds, (all) => {
      const quiet = all.filter(({ type }) => type === 'come' || type === 'wait');
      const { site, world } = told(quiet);
      world.round();
      expect(site.open).toEqual(world.truth);
    }),
    { numRuns },
  );
});

it('the same answer again changes nothing', () => {
  fc.assert(
    fc.property(deeds, (all) => {
      const { site, world } = told(all);
      for (let round = 0; round < 3; round += 1) world.round();
      const before = site.records;
      const { changes } = site;
      // As the journal does.
      for (const session of site.book.pending.take().sessions) session.change = 'none';
      world.round();
      expect(site.records).toEqual(before);
      expect(site.book.pending.take().sessions).toEqual([]);
      expect(site.changes).toBeGreaterThan(changes);
    }),
    { numRuns },
  );
});

it('nothing that gave a sign of life after the snapshot before is ended by one', () => {
  fc.assert(
    fc.property(deeds, (all) => {
      const site = new PolledSite();
      const world = new World(site);
      for (const each of all) {
        const open = site.all.filter(({ endedAt }) => endedAt === null);
        const before = new Map(open.map((session) => [session, session.lastSeenAt]));
        const asked = each.type === 'ask' ? site.polledProxies.of(each.host, each.virtualProxy).at : null;
        world.do(each);
        for (const [session, lastSeenAt] of before) {
          if (session.endReason !== 'snapshot' || session.endedAt === null) continue;
          expect(lastSeenAt).toBeLessThan(asked ?? 0);
        }
        expect(site.counts.sessions).toBeGreaterThanOrEqual(0);
        const { created, destroyed } = site.series.totals;
        expect(created - destroyed).toBe(site.counts.sessions);
      }
    }),
    { numRuns },
  );
});

it('one SessionId that two hosts list is one session', () => {
  const site = new PolledSite();
  const of = (host: string) => snapshotOf(T, ['anna/1'], { host });
  for (const at of [T, T + 30_000, T + 60_000]) {
    for (const host of ['node1', 'node2']) site.snapshot({ ...of(host), at });
  }
  expect(site.open).toEqual({ 'node1 / lab\\anna': 1 });
  // The first one lists it no more: it is counted at the other one.
  for (const at of [T + 90_000, T + 120_000, T + 150_000]) {
    site.snapshot({ ...snapshotOf(at, []) });
    site.snapshot({ ...of('node2'), at });
  }
  expect(site.open).toEqual({ 'node2 / lab\\anna': 1 });
});

it('a Stop that ended the wrong one of two sessions is made good', () => {
  const site = new PolledSite();
  site.line('session_start', 'anna', T);
  site.line('session_start', 'anna', T + 10_000);
  site.snapshot(snapshotOf(T + 20_000, ['anna/1', 'anna/2']));
  // The newer one has stopped; the tracker ends the older one.
  site.line('session_stop', 'anna', T + 25_000);
  site.snapshot(snapshotOf(T + 50_000, ['anna/1']));
  site.snapshot(snapshotOf(T + 80_000, ['anna/1']));
  expect(site.records.map(({ ended }) => ended?.by)).toEqual(['stop', undefined]);
  expect(site.all[1]?.sighting?.id).toBe('anna/1');
});

it('a session that snapshots list is not timed out, with an app open or without', () => {
  const site = new PolledSite();
  site.line('session_start', 'anna', T);
  site.line('connection_open', 'bert', T);
  const day = 25 * 3_600_000;
  for (let after = 0; after < day; after += 5_000) {
    if (after % 30_000 === 0) site.snapshot(snapshotOf(T + after, ['anna/1', 'bert/1']));
    site.tick(T + after);
  }
  expect(site.counts.sessions).toBe(2);
});

it('a Stop that comes after the end by snapshots corrects it', () => {
  const site = new PolledSite();
  site.line('session_start', 'anna', T);
  for (const [after, ids] of [
    [10_000, ['anna/1']],
    [40_000, []],
    [70_000, []],
  ] as const) {
    site.snapshot(snapshotOf(T + after, ids));
  }
  expect(site.records).toMatchObject([{ ended: { by: 'snapshot', at: T + 10_000 } }]);
  site.line('session_stop', 'anna', T + 75_000);
  expect(site.records).toMatchObject([{ ended: { by: 'stop', at: T + 75_000 } }]);
  expect(site.tracker.counters.orphanStops).toBe(0);
});

it('users whom the receiver hides are no evidence either way', () => {
  const site = new PolledSite();
  site.line('session_start', 'anna', T);
  const hidden = [{ id: 'x', user: { directory: 'lab', id: 'ANNA' } }];
  for (const after of [30_000, 60_000, 90_000]) site.snapshot(snapshotOf(T + after, [], { hidden }));
  expect(site.counts.sessions).toBe(1);
  site.snapshot(snapshotOf(T + 120_000, []));
  expect(site.counts.sessions).toBe(1);
  site.snapshot(snapshotOf(T + 150_000, []));
  expect(site.counts.sessions).toBe(0);
});

it('a session clears its doubt by being listed', () => {
  const site = new PolledSite();
  site.line('session_start', 'anna', T);
  site.losses.touchAll('downtime', T + 10_000, null);
  expect(site.identities.hosts.get('node1')?.doubt.sessions).toBe(0);
  site.snapshot(snapshotOf(T + 20_000, ['anna/1']));
  expect(site.identities.hosts.get('node1')?.doubt.sessions).toBe(1);
});

it('a snapshot makes and ends no session of a hidden user, and one that lists it is a sign of life', () => {
  const site = new PolledSite();
  const exclude = (...users: string[]) => {
    site.excluded = new Set(users);
    site.exclude((user) => site.excluded.has(userName(user)), T);
  };
  for (const user of ['anna', 'bert', 'carl']) site.line('session_start', user, T);
  site.snapshot(snapshotOf(T + 1_000, ['anna/1', 'bert/1', 'carl/1']));
  exclude('lab\\anna', 'lab\\bert');
  for (let n = 2; n < 5; n += 1) site.snapshot(snapshotOf(T + n * 1_000, ['anna/1', 'anna/2', 'carl/1']));
  expect([site.counts.sessions, site.counts.hidden.sessions, site.all.length]).toEqual([1, 2, 3]);
  exclude();
  const [anna, bert] = site.all;
  expect([site.counts.sessions, anna?.lastSeenAt, bert?.endedAt]).toEqual([3, T + 4_000, null]);
  for (let n = 5; n < 7; n += 1) site.snapshot(snapshotOf(T + n * 1_000, ['anna/1', 'anna/2', 'carl/1']));
  expect(site.open).toEqual({ 'node1 / lab\\anna': 2, 'node1 / lab\\carl': 1 });
  expect(bert?.endReason).toBe('snapshot');
});
