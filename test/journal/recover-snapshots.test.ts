import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Kind } from '../../src/contract/event.ts';
import type { Snapshot } from '../../src/contract/snapshot.ts';
import type { Site } from '../../src/sessions/site.ts';
import { stateOf } from '../../src/sessions/site-state.ts';
import { eventAt } from '../intake/event-under-test.ts';
import { expectSame } from '../sessions/expect-same.ts';
import { SETTINGS } from '../sessions/model/event-arbitrary.ts';
import { userName } from '../sessions/model/session-model.ts';
import { person, tallyOf } from '../sessions/snapshots/polled-site.ts';
import { deed, World } from '../sessions/snapshots/world.ts';
import { StoredSite } from './stored-site.ts';

const numRuns = Number(process.env['PROPERTY_RUNS'] ?? 60);

function openSessions(site: Site) {
  return [...site.identities.hosts.values()].flatMap((host) =>
    [...host.keys.values()].flatMap((key) => [...(key.open?.sessions() ?? [])]),
  );
}

/** By `host virtualProxy user`. */
function openOf(site: Site): Record<string, number> {
  return tallyOf(
    openSessions(site).map(
      ({ key, virtualProxy }) => `${key.host.name} ${virtualProxy} ${userName(key.user)}`,
    ),
  );
}

/** What is kept of everything that snapshots have to do with. */
function memoryOf(site: Site) {
  const sessions = openSessions(site).map((session) => ({
    id: session.id,
    virtualProxy: session.virtualProxy,
    startedAt: session.startedAt,
    lastActivityAt: session.lastActivityAt,
    lastSeenAt: session.lastSeenAt,
    listedAt: session.listedAt,
    epoch: session.epoch,
    identityExact: session.identityExact,
    dueAt: site.book.dueAt(session),
    lastSeq: session.lastSeq,
  }));
  const { snapshots, totals, next } = stateOf(site);
  return { sessions: sessions.sort((a, b) => a.id - b.id), snapshots, totals, next, open: openOf(site) };
}

/** Tells two sites the same: one is stored and may be killed, the other one never stops. */
class Told {
  readonly stored = new StoredSite(SETTINGS);
  now = 0;
  commits: () => boolean = () => true;

  line(kind: Kind, user: string, at: number, host: string, virtualProxy: string | null): void {
    this.now = at;
    this.stored.apply(eventAt(kind, at, { host, user: person(user), virtualProxy }));
    if (this.commits()) this.stored.commit(at, false);
  }

  snapshot(snapshot: Snapshot, now: number): void {
    this.now = now;
    const circumstances = { isExcluded: () => false, now: () => now };
    for (const hasChanged of this.stored.site.takeSnapshot(snapshot, circumstances)) {
      if (hasChanged) this.stored.commit(now, true);
    }
  }
}

it('what snapshots made and ended is there once after a kill at any point, and the next two rounds are right', () => {
  const moments = fc.infiniteStream(fc.boolean());
  fc.assert(
    fc.property(
      fc.array(deed, { maxLength: 30, size: 'max' }),
      fc.nat(29),
      moments,
      (deeds, killAfter, moment) => {
        const told = new Told();
        // Whether a line is committed before what comes next is chance; what is lost with a kill was never accepted.
        told.commits = () => moment.next().value === true;
        const world = new World(told);
        try {
          for (const [place, each] of deeds.entries()) {
            world.do(each);
            if (place !== killAfter) continue;
            told.stored.commit(world.now, false);
            const before = memoryOf(told.stored.site);
            told.stored.killAndRestart();
            expectSame(memoryOf(told.stored.site), before);
          }
          world.round();
          world.round();
          expect(openOf(told.stored.site)).toEqual(world.truth);
          const { created, destroyed } = told.stored.site.series.totals;
          expect(created - destroyed).toBe(told.stored.site.counts.sessions);
        } finally {
          told.stored.dispose();
        }
      },
    ),
    { numRuns },
  );
});

it('each session that snapshots made or ended is one event of its timeline, with the reason', () => {
  const told = new Told();
  const { stored } = told;
  const seen = (at: number, ids: readonly string[]) =>
    told.snapshot(
      {
        host: 'node1',
        virtualProxy: '/',
        at,
        durationMs: 1,
        sessions: ids.map((id) => ({ id, user: person('anna') })),
        hidden: [],
        allVirtualProxies: ['/'],
        keepsUsers: true,
      },
      at,
    );
  try {
    seen(1_000, ['a']);
    seen(31_000, []);
    stored.killAndRestart();
    seen(61_000, []);
    stored.killAndRestart();
    const rows = stored.database
      .prepare('SELECT seq, kind, at, reason, session, previous FROM events ORDER BY seq')
      .all()
      .map((row) => ({ ...row }));
    expect(rows).toEqual([
      { seq: 1, kind: 0, at: 1_000, reason: 5, session: 1, previous: 0 },
      { seq: 2, kind: 1, at: 1_000, reason: 5, session: 1, previous: 1 },
    ]);
    expect(stored.site.counts.sessions).toBe(0);
    expect(stored.site.series.totals).toMatchObject({ created: 1, destroyed: 1 });
  } finally {
    stored.dispose();
  }
});
