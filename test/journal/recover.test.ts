import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { UserEvent } from '../../src/contract/event.ts';
import { Site } from '../../src/sessions/site.ts';
import { restoreState, type SiteState, stateOf } from '../../src/sessions/site-state.ts';
import { lose } from '../sessions/lose.ts';
import { EPOCH, SETTINGS, type Step, steps } from '../sessions/model/event-arbitrary.ts';
import { userName } from '../sessions/model/session-model.ts';
import { NODE, RELAY } from '../sessions/numbered-lines.ts';
import { StoredSite } from './stored-site.ts';

const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 60);

function play(site: Site, apply: (event: Parameters<Site['apply']>[0]) => void, step: Step): void {
  if (step.type === 'batch') for (const event of step.events) apply(event);
  else if (step.type === 'sweep') site.tick(step.now);
  else if (step.type === 'exclude') {
    site.exclude((user) => step.users.includes(userName(user)), step.now);
  } else if (step.type === 'lose') lose(site, step.host, step.reason, step.now);
  else site.tracker.restarted(step.stoppedAt, step.startedAt);
}

/** Everything that the future of a site depends on. */
function memoryOf(site: Site) {
  const open = [...site.identities.hosts.values()].flatMap((host) =>
    [...host.keys.values()].flatMap((key) => {
      const session = (each: NonNullable<typeof key.timedOut>[number]) => ({
        ...each,
        key: `${host.name} ${userName(key.user)}`,
        dueBucket: 0,
        journalNumber: 0,
        journalGeneration: 0,
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
  const { parts: _, hosts, rowNumbers, ...state } = stateOf(site);
  // A host of which nothing was learnt may be forgotten earlier or later.
  const learnt = hosts.filter((host) => host.keysIgnored || host.keyMismatches > 0 || host.losses.length > 0);
  const sureUsers = site.counts.doubt.users;
  const counts = { sessions, users, connections, connectedUsers, sureUsers };
  // It is forgotten with its clock.
  const withoutClocks = learnt.map(({ clock: _, ...host }) => host);
  return { counts, open, state, hosts: withoutClocks, rows: withoutSenders(rowNumbers) };
}

/** The journal keeps no addresses. */
function withoutSenders(rows: SiteState['rowNumbers']) {
  const hosts = rows?.hosts.map((host) => ({
    ...host,
    streams: host.streams.map((stream) => ({ ...stream, from: null })),
  }));
  return { ...rows, hosts };
}

/** How far a host's counter goes from one line to the next: lines are lost, come late or twice, or it begins again. */
const rowSteps = fc.infiniteStream(fc.constantFrom(1, 1, 1, 1, 1, 2, 3, -1, 0, -1_000, null));

function numbered(stream: readonly Step[], rowStep: Iterator<number | null>): Step[] {
  const rows = new Map<string, number>();
  const withRow = (event: UserEvent): UserEvent => {
    const step = rowStep.next().value;
    if (typeof step !== 'number') return event;
    const rowNumber = Math.max(1, (rows.get(event.host) ?? 0) + step);
    rows.set(event.host, rowNumber);
    return { ...event, rowNumber };
  };
  return stream.map((step) => (step.type === 'batch' ? { ...step, events: step.events.map(withRow) } : step));
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
      fc.property(steps().filter(isSmall), rowSteps, moments, (stream, rowStep, moment) => {
        const twin = new Site(SETTINGS);
        // The store is new.
        twin.losses.begin(0);
        const stored = new StoredSite(SETTINGS);
        let seq = 0;
        try {
          for (const step of numbered(stream, rowStep)) {
            play(
              twin,
              (event) => {
                if (twin.lostLines.note(event, RELAY)) twin.counterBeganAgain(event);
                twin.clocks.note(event);
                return twin.apply(event, ++seq);
              },
              step,
            );
            play(stored.site, (event) => stored.apply(event, RELAY), step);
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

describe('the quality of the counts', () => {
  test('has the same reasons after a restart', () => {
    const stored = new StoredSite(SETTINGS);
    try {
      const { site } = stored;
      const now = EPOCH + 60_000;
      site.losses.touchAll('downtime', EPOCH + 30_000, null);
      site.quality.dropped(3);
      for (const row of [1, 2, 4]) site.lostLines.note({ ...EVENT, rowNumber: row, at: EPOCH + row }, NODE);
      site.tick(now);
      const before = site.quality.at(now);
      expect(before.reasons).toEqual(['downtime', 'drops', 'gap']);
      stored.commit(now, true);
      stored.killAndRestart();
      expect(stored.site.quality.at(now)).toEqual(before);
    } finally {
      stored.dispose();
    }
  });
});

describe('the clock of a host', () => {
  test.each([['state', true] as const, ['events alone', false] as const])(
    'that is off is known after a restart (%s committed)',
    (_what, withState) => {
      const stored = new StoredSite(SETTINGS);
      try {
        for (const second of [0, 1, 40, 80]) {
          const at = EPOCH + second * 1_000;
          const line = { ...EVENT, rowNumber: second, receivedAt: at, at: at - 2_400_000 };
          stored.site.clocks.correct(line);
          stored.apply(line, NODE);
        }
        const offsetOf = () => stored.site.identities.hosts.get('node1')?.clock?.offsetMs;
        expect(offsetOf()).toBe(2_400_000);
        stored.commit(EPOCH + 80_000, withState);
        stored.killAndRestart();
        expect(offsetOf()).toBe(2_400_000);
      } finally {
        stored.dispose();
      }
    },
  );
});

describe('lines that never came', () => {
  let stored: StoredSite;
  beforeEach(() => {
    stored = new StoredSite(SETTINGS);
  });
  afterEach(() => stored.dispose());

  function says(rowNumber: number, second: number): void {
    const at = EPOCH + second * 1_000;
    const event = { ...EVENT, rowNumber, at, receivedAt: at };
    stored.apply(event, NODE);
  }

  const hostOf = (name: string) => stored.site.identities.host(name);

  function commits(second: number, withState: boolean): void {
    if (withState) stored.site.tick(EPOCH + second * 1_000);
    stored.commit(EPOCH + second * 1_000, withState);
  }

  test.each([['state', true] as const, ['events alone', false] as const])(
    'while Headcount did not run are missing, and no others (%s committed)',
    (_what, withState) => {
      for (const row of [1, 2, 4]) says(row, row);
      commits(4, withState);
      stored.killAndRestart();
      for (const row of [3, 5, 9, 10]) says(row, row);
      commits(60, true);
      expect(stored.site.lostLines.missingOf('node1')).toBe(3);
      stored.killAndRestart();
      expect(stored.site.lostLines.missingOf('node1')).toBe(3);
      says(7, 7);
      expect(stored.site.lostLines.missing).toBe(2);
    },
  );

  test('are a reason for estimates after a restart too', () => {
    for (const row of [1, 2, 4]) says(row, row);
    commits(60, true);
    stored.killAndRestart();
    expect(stored.site.quality.ofHost(hostOf('node1'), EPOCH + 61_000).reasons).toEqual(['gap']);
    expect(stored.site.quality.ofHost(hostOf('node2'), EPOCH + 61_000).reasons).toEqual([]);
  });

  test('begin with the store of a version that did not look at them', () => {
    const { rowNumbers: _, ...older } = stateOf(stored.site);
    const site = new Site(SETTINGS);
    restoreState(site, older);
    expect([site.lostLines.missing, site.lostLines.missingOf('node1')]).toEqual([0, null]);
  });
});

const EVENT: UserEvent = {
  kind: 'session_start',
  at: EPOCH,
  originalAt: null,
  timed: true,
  receivedAt: EPOCH,
  host: 'node1',
  user: { directory: 'LAB', id: 'anna' },
  origin: null,
  context: null,
  appId: null,
  virtualProxy: null,
  sessionKey: null,
  rowNumber: null,
  result: null,
  userAgent: null,
  message: null,
  reason: null,
  eventId: null,
};
