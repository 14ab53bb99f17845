import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Site } from '../../src/core/site.ts';
import { stateOf } from '../../src/journal/state.ts';
import { SETTINGS, type Step, steps } from '../model/event-arbitrary.ts';
import { userName } from '../model/session-model.ts';
import { StoredSite } from './stored-site.ts';

const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 60);

function play(site: Site, apply: (event: Parameters<Site['apply']>[0]) => void, step: Step): void {
  if (step.type === 'batch') for (const event of step.events) apply(event);
  else if (step.type === 'sweep') site.tick(step.now);
  else if (step.type === 'exclude') {
    site.exclude((user) => step.users.includes(userName(user)), step.now);
  } else site.tracker.restarted(step.stoppedAt, step.startedAt);
}

/** Everything that the future of a site depends on. */
function memoryOf(site: Site) {
  const open = [...site.identities.hosts.values()].flatMap((host) =>
    [...host.keys.values()].flatMap((key) => {
      const session = (each: NonNullable<typeof key.timedOut>[number]) => ({
        ...each,
        key: `${host.name} ${userName(key.user)}`,
        dueBucket: 0,
        change: 'none',
        openConnections: each.openConnections
          .map(({ id, appId, openedAt, previousId }) => ({ id, appId, openedAt, previousId }))
          .sort((a, b) => a.id - b.id),
      });
      return {
        key: `${host.name} ${userName(key.user)}`,
        open: [...(key.open?.sessions() ?? [])].map(session).sort((a, b) => a.id - b.id),
        timedOut: (key.timedOut ?? []).map(session),
        closedByStop: (key.closedByStop ?? []).map((each) => each.id).sort((a, b) => a - b),
        orphanStops: key.orphanStops ?? [],
      };
    }),
  );
  const { sessions, users, connections, connectedUsers } = site.counts;
  // What the series wrote last is lost with a kill; it is written again, not remembered.
  const { parts: _, hosts, ...state } = stateOf(site);
  // A host of which nothing was learnt may be forgotten earlier or later.
  const learnt = hosts.filter((host) => host.keysIgnored || host.keyMismatches > 0);
  return { counts: { sessions, users, connections, connectedUsers }, open, state, hosts: learnt };
}

/** With more, a key forgets the first of them, and which are first is not written down. */
const FORGETS_NOTHING = 64;

function isSmall(stream: Step[]): boolean {
  return stream.flatMap((step) => (step.type === 'batch' ? step.events : [])).length <= FORGETS_NOTHING;
}

describe('a site that is killed and recovered', () => {
  test('is, step by step, the same as one that never stopped', () => {
    const moments = fc.infiniteStream(fc.constantFrom('kill', 'commit', 'commit', 'checkpoint', 'nothing'));
    fc.assert(
      fc.property(steps().filter(isSmall), moments, (stream, moment) => {
        const twin = new Site(SETTINGS);
        const stored = new StoredSite(SETTINGS);
        let seq = 0;
        try {
          for (const step of stream) {
            play(twin, (event) => twin.apply(event, ++seq), step);
            play(stored.site, (event) => stored.apply(event), step);
            const now = step.type === 'batch' ? (step.events.at(-1)?.receivedAt ?? 0) : 0;
            // What is no event is always committed with the state, as the program does.
            const what = step.type === 'batch' ? moment.next().value : 'checkpoint';
            if (what !== 'nothing') stored.commit(now, what === 'checkpoint');
            if (what === 'kill') stored.killAndRestart();
            const expected = relevant(twin);
            expect(relevant(stored.site)).toEqual(expected);
          }
        } finally {
          stored.dispose();
        }
      }),
      { numRuns: RUNS },
    );
  });
});

/** Only keys that both still have a reason to know. */
function relevant(site: Site) {
  const memory = memoryOf(site);
  return {
    ...memory,
    open: memory.open
      .filter((key) => key.open.length > 0)
      .map(({ key, open }) => ({ key, open }))
      .sort((a, b) => (a.key < b.key ? -1 : 1)),
  };
}
