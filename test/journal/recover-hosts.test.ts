import fc from 'fast-check';
import { describe, it } from 'vitest';
import type { UserEvent } from '../../src/contract/event.ts';
import type { Session } from '../../src/sessions/session.ts';
import { Site } from '../../src/sessions/site.ts';
import { stateOf } from '../../src/sessions/site-state.ts';
import { eventAt } from '../intake/event-under-test.ts';
import { expectSame } from '../sessions/expect-same.ts';
import { EPOCH, SETTINGS } from '../sessions/model/event-arbitrary.ts';
import { StoredSite } from './stored-site.ts';

const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 60);
const BOUNDS = { mostOpen: 999, mostKeys: 999, mostHosts: 3, mostParts: 99 };

const lines = fc.array(
  fc.record({
    kind: fc.constantFrom<UserEvent['kind']>(
      ...([
        'session_start',
        'session_stop',
        'connection_open',
        'connection_close',
        'session_rejected',
      ] as const),
    ),
    host: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    id: fc.constantFrom('anna', 'bert'),
    afterMs: fc.constantFrom(0, 1, 1_000, 61_000, 130_000, 200_000, 3_600_000),
    followedBy: fc.constantFrom('kill', 'commit', 'checkpoint', 'sweep', 'nothing'),
  }),
  { maxLength: 40 },
);

const MINUTE = 60_000;
const DAY = 24 * 3_600_000;

/** Which hosts are known, and all that is open there, or remembered and still of use. */
function hostsOf(site: Site, now: number) {
  const ids = (sessions: readonly Session[] | null, withinMs: number) =>
    (sessions ?? [])
      .filter(({ endedSeenAt }) => now - (endedSeenAt ?? now) <= withinMs)
      .map(({ id }) => id)
      .sort((a, b) => a - b);
  const hosts = stateOf(site).hosts.map(({ name, heardAt, lastEventAt, standing }) => {
    const keys = [...(site.identities.hosts.get(name)?.keys.values() ?? [])];
    const remembered = keys.map((key) => ({
      user: key.user?.id,
      open: ids([...(key.open?.sessions() ?? [])], 0),
      timedOut: ids(key.timedOut, DAY),
      stopped: ids(key.stopped, MINUTE),
      closedByStop: ids(
        (key.closedByStop ?? []).map(({ session }) => session),
        MINUTE,
      ),
      orphans: [...(key.orphanStops ?? []), ...(key.orphanCloses ?? [])]
        .filter(({ receivedAt }) => now - receivedAt <= MINUTE)
        .map(({ seq }) => seq),
    }));
    // A key of which nothing is remembered is as good as none.
    const matters = remembered.filter(({ user: _, ...lists }) =>
      Object.values(lists).some((list) => list.length > 0),
    );
    matters.sort((a, b) => ((a.user ?? '') < (b.user ?? '') ? -1 : 1));
    return { name, heardAt, lastEventAt, standing, matters };
  });
  hosts.sort((a, b) => (a.name < b.name ? -1 : 1));
  const { sessions, users, connections } = site.counts;
  return {
    hosts,
    sessions,
    users,
    connections,
    next: site.book.nextNumbers,
    totals: { ...site.series.totals },
  };
}

describe('a site with too many hosts', () => {
  it('that is killed and recovered knows the same ones as one that never stopped', () => {
    fc.assert(
      fc.property(lines, (stream) => {
        const twin = new Site(SETTINGS, BOUNDS);
        twin.losses.begin(0);
        const stored = new StoredSite(SETTINGS, 0, BOUNDS);
        try {
          let now = EPOCH;
          for (const [place, { kind, host, id, afterMs, followedBy }] of stream.entries()) {
            now += afterMs;
            const event = eventAt(kind, now, { host, user: { directory: 'LAB', id } });
            stored.apply(event);
            twin.clocks.note(event);
            twin.apply(event, place + 1);
            if (followedBy === 'sweep') for (const site of [twin, stored.site]) site.tick(now);
            if (followedBy !== 'nothing') stored.commit(now, ['checkpoint', 'sweep'].includes(followedBy));
            if (followedBy === 'kill') stored.killAndRestart();
            expectSame(hostsOf(stored.site, now), hostsOf(twin, now), `after ${place}`);
          }
        } finally {
          stored.dispose();
        }
      }),
      { numRuns: RUNS },
    );
  });
});
