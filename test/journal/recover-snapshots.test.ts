import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Kind } from '../../src/contract/event.ts';
import type { Snapshot } from '../../src/contract/snapshot.ts';
import type { Site } from '../../src/sessions/site.ts';
import { stateOf } from '../../src/sessions/site-state.ts';
import { eventAt } from '../intake/event-under-test.ts';
import { expectSame } from '../sessions/expect-same.ts';
import { SETTINGS } from '../sessions/model/event-arbitrary.ts';
import { userName } from '../sessions/model/session-model.ts';
import { person, snapshotOf, T, tallyOf } from '../sessions/snapshots/polled-site.ts';
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
    boundTo: session.sighting?.mark ?? 0,
    epoch: session.epoch,
    identityExact: session.identityExact,
    dueAt: site.book.deadlines.of(session),
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
  /** When each SessionId was listed first and last. */
  readonly #listings = new Map<string, { readonly first: number; last: number }>();
  readonly #idOf = new Map<number, string>();
  /** Sessions that went over to an id that was never listed together with their own. */
  readonly impossible: string[] = [];

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
    for (const { id } of snapshot.sessions) {
      const listing = this.#listings.get(id) ?? { first: snapshot.at, last: snapshot.at };
      this.#listings.set(id, Object.assign(listing, { last: snapshot.at }));
    }
    for (const { id, sighting } of openSessions(this.stored.site)) {
      const before = this.#listings.get(this.#idOf.get(id) ?? '')?.last ?? null;
      const since = this.#listings.get(sighting?.id ?? '')?.first ?? null;
      if (before !== null && since !== null && since > before) this.impossible.push(`${id}: ${sighting?.id}`);
      if (sighting !== null && sighting.id !== '') this.#idOf.set(id, sighting.id);
    }
  }
}

/** What happens while nobody listens or asks. */
const untold = deed
  .filter(({ type }) => type !== 'ask')
  .map((each) => ('isLost' in each ? { ...each, isLost: true } : each));

it('what snapshots made and ended is there once after a kill at any point, and the next two rounds are right', () => {
  const moments = fc.infiniteStream(fc.boolean());
  fc.assert(
    fc.property(
      fc.array(deed, { maxLength: 30, size: 'max' }),
      fc.nat(29),
      fc.array(untold, { maxLength: 12, size: 'max' }),
      moments,
      (deeds, killAfter, meanwhile, moment) => {
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
            for (const missed of meanwhile) world.do(missed);
          }
          world.round();
          world.round();
          expect(openOf(told.stored.site)).toEqual(world.truth);
          expect(told.stored.site.polledProxies.unnamed.size).toBe(0);
          expect(told.impossible).toEqual([]);
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

describe('a SessionId that was bound before a restart', () => {
  function started() {
    const stored = new StoredSite(SETTINGS);
    onTestFinished(() => stored.dispose());
    const answer = (at: number, ids: readonly string[], host = 'node1') => {
      const circumstances = { isExcluded: () => false, now: () => at };
      for (const hasChanged of stored.site.takeSnapshot(snapshotOf(at, ids, { host }), circumstances)) {
        if (hasChanged) stored.commit(at, true);
      }
    };
    const line = (kind: Kind, at: number, sessionKey: string) => {
      stored.apply(eventAt(kind, at, { host: 'node1', user: person('anna'), sessionKey }));
      stored.commit(at, false);
    };
    const keys = () => openSessions(stored.site).map(({ sessionKey }) => sessionKey);
    line('session_start', T, 'old');
    answer(T + 10_000, ['anna/1']);
    stored.killAndRestart();
    return { stored, answer, line, keys };
  }

  it('is still that of its session', () => {
    const { stored, answer, keys } = started();
    answer(T + 600_000, ['anna/2', 'anna/1']);
    answer(T + 630_000, ['anna/1']);
    answer(T + 660_000, ['anna/1']);
    expect([keys(), stored.site.counts.sessions]).toEqual([['old'], 1]);
  });

  it('leaves its session to no id that came meanwhile: that one is of a new session', () => {
    const { stored, answer, line, keys } = started();
    answer(T + 600_000, ['anna/2']);
    answer(T + 630_000, ['anna/2']);
    expect(keys()).toEqual([null]);
    // Its first line says which session key it has.
    line('connection_open', T + 640_000, 'new');
    expect([keys(), stored.site.counts.sessions]).toEqual([['new'], 1]);
  });

  it('leaves a session that a line has opened since to the id that came with it', () => {
    const { answer, line, keys } = started();
    line('session_start', T + 600_000, 'new');
    answer(T + 610_000, ['anna/2']);
    answer(T + 640_000, ['anna/2']);
    expect(keys()).toEqual(['new']);
  });

  it('is no second session where another host lists it first', () => {
    const { stored, answer } = started();
    answer(T + 600_000, ['anna/1'], 'node2');
    answer(T + 600_000, ['anna/1']);
    expect(openOf(stored.site)).toEqual({ 'node1 / lab\\anna': 1 });
  });
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
