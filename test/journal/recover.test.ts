import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { User, UserEvent } from '../../src/contract/event.ts';
import { Site } from '../../src/sessions/site.ts';
import { restoreState, type SiteState, stateOf } from '../../src/sessions/site-state.ts';
import { eventAt } from '../intake/event-under-test.ts';
import { expectSame } from '../sessions/expect-same.ts';
import { lose } from '../sessions/lose.ts';
import { EPOCH, SETTINGS, type Step, steps } from '../sessions/model/event-arbitrary.ts';
import { type SessionView, userName } from '../sessions/model/session-model.ts';
import { NODE, RELAY } from '../sessions/numbered-lines.ts';
import { openViewOf, TrackerUnderTest } from '../sessions/tracker-under-test.ts';
import { StoredSite } from './stored-site.ts';

const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 60);

/** The rules of now, as the step before has them; the program takes them again at each start. */
function excluded(users: readonly string[]) {
  return (user: User | null) => users.includes(userName(user));
}

function play(site: Site, apply: (event: Parameters<Site['apply']>[0]) => void, step: Step): void {
  if (step.type === 'batch') for (const event of step.events) apply(event);
  else if (step.type === 'sweep') site.tick(step.now);
  else if (step.type === 'exclude') {
    site.exclude(excluded(step.users), step.now);
  } else if (step.type === 'lose') lose(site, step.host, step.reason, step.now);
  else site.tracker.restarted(step.stoppedAt, step.startedAt);
}

/** Everything that the future of a site depends on. */
function memoryOf(site: Site, now = 0) {
  const open = [...site.identities.hosts.values()].flatMap((host) =>
    [...host.keys.values()].flatMap((key) => {
      const session = (each: NonNullable<typeof key.timedOut>[number]) => ({
        ...each,
        key: `${host.name} ${userName(key.user)}`,
        dueBucket: 0,
        journalNumber: 0,
        journalGeneration: 0,
        change: 'none',
        // A host that was forgotten and comes back begins with a later one, which says the same.
        epoch: [...site.losses.everywhere, ...host.losses].filter(({ epoch }) => epoch > each.epoch).length,
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
        orphanCloses: key.orphanCloses ?? [],
        stopped: (key.stopped ?? []).map((each) => each.id).sort((a, b) => a - b),
      };
    }),
  );
  // What the series wrote last is lost with a kill; it is written again, not remembered.
  // What was said of the past depends on clocks of hosts that may be forgotten earlier or later.
  const { parts: _, pastQuality: __, pastOfHosts: ___, hosts, rowNumbers, ...state } = stateOf(site);
  // A host of which nothing was learnt may be forgotten earlier or later.
  const learnt = hosts.filter((host) => host.keysIgnored || host.keyMismatches > 0 || host.losses.length > 0);
  // It is forgotten with its clock, its balance and its rhythm, and begins with a later epoch when it comes back.
  const withoutClocks = learnt
    .map(({ clock: _, epoch: __, balance: ___, rhythm: ____, ...host }) => ({
      ...host,
      ...recent(host, now),
    }))
    .toSorted(byName);
  const counts = { ...openViewOf(site), sureUsers: site.counts.doubt.users };
  return { counts, open, state, hosts: withoutClocks, rows: withoutSenders(rowNumbers) };
}

type Heard = Pick<SiteState['hosts'][number], 'heardAt' | 'lastEventAt' | 'unnumberedAt'>;

/** When a host was heard matters for as long as a session may last. One that was not for longer may have been forgotten. */
function recent({ heardAt, lastEventAt, unnumberedAt }: Heard, now: number): Heard {
  const orNever = (at: number) => (now - at <= SETTINGS.maxAgeMs ? at : 0);
  return {
    heardAt: orNever(heardAt),
    lastEventAt: orNever(lastEventAt),
    unnumberedAt: orNever(unnumberedAt),
  };
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
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

/** The windows now, and when what lies ahead has come. */
function windowsFrom(site: Site, now: number) {
  return [now, now + MOST_AHEAD_MS].map((at) => site.windows(at));
}

function clockAfter(step: Step): number {
  if (step.type === 'batch') return Math.max(...step.events.map(({ receivedAt }) => receivedAt));
  return step.type === 'restart' ? step.startedAt : step.now;
}

const MOST_AHEAD_MS = 600_000;
function isFarAhead(step: Step, now: number): boolean {
  return step.type === 'batch' && step.events.some(({ at }) => at - now > MOST_AHEAD_MS);
}

/** With more, a key forgets the first of them, and which are first is not written down. */
const FORGETS_NOTHING = 64;

function isSmall(stream: Step[]): boolean {
  return stream.flatMap((step) => (step.type === 'batch' ? step.events : [])).length <= FORGETS_NOTHING;
}

describe('a site that is killed and recovered', () => {
  it('is, step by step, the same as one that never stopped', () => {
    const moments = fc.infiniteStream(fc.constantFrom('kill', 'commit', 'commit', 'checkpoint', 'nothing'));
    fc.assert(
      fc.property(steps().filter(isSmall), rowSteps, moments, (stream, rowStep, moment) => {
        const twin = new Site(SETTINGS);
        // The store is new.
        twin.losses.begin(0);
        const stored = new StoredSite(SETTINGS);
        let seq = 0;
        let hasWindows = true;
        let rules: readonly string[] = [];
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
            const now = clockAfter(step);
            // What is no event is always committed with the state, as the program does.
            const what = step.type === 'batch' ? moment.next().value : 'checkpoint';
            if (what !== 'nothing') stored.commit(now, what === 'checkpoint');
            // An end by a restart is an event too.
            if (what === 'checkpoint') seq += twin.takeCorrections(seq + 1, now).length;
            if (step.type === 'exclude') rules = step.users;
            if (what === 'kill') stored.killAndRestart(excluded(rules));
            const expected = relevant(twin, now);
            expectSame(relevant(stored.site, now), expected);
            hasWindows &&= !isFarAhead(step, now);
            if (hasWindows) expectSame(windowsFrom(stored.site, now), windowsFrom(twin, now));
          }
        } finally {
          stored.dispose();
        }
      }),
      { numRuns: RUNS },
    );
  }, 120_000);
});

const IDLE = SETTINGS.timeoutMs + SETTINGS.graceMs;
const HOUR = 3_600_000;
const says = (kind: UserEvent['kind'], after: number, rest: Partial<UserEvent> = {}): Step => ({
  type: 'batch',
  events: [{ ...eventAt(kind, EPOCH + after), ...rest }],
});
const sweep = (after: number): Step => ({ type: 'sweep', now: EPOCH + after });
/** Everything before it passes without a downtime. */
const noDowntime = (after: number): Step => ({
  type: 'restart',
  stoppedAt: EPOCH + after,
  startedAt: EPOCH + after,
});
const timedAt = (after: number): Partial<UserEvent> => ({ timed: true, at: EPOCH + after });

/** What a line does to a session may rest on something that was learnt of it long before. */
const LIVES: Readonly<Record<string, readonly Step[]>> = {
  'learns its virtual proxy and user agent from an Open': [
    says('session_start', 0),
    says('connection_open', 1_000, { virtualProxy: 'vp' }),
    says('connection_open', 2_000, { userAgent: 'agent' }),
    says('connection_close', 3_000),
    says('session_stop', 4_000, { virtualProxy: 'other' }),
    says('session_stop', 5_000, { virtualProxy: 'vp' }),
  ],
  'learns them from the Start that came after the Open': [
    says('connection_open', 0),
    says('session_start', 1_000, { virtualProxy: 'vp', userAgent: 'agent' }),
    says('session_start', 2_000, { virtualProxy: 'vp', userAgent: 'other' }),
    says('session_stop', 3_000),
  ],
  'learns its session key': [
    says('session_start', 0),
    says('connection_open', 1_000, { sessionKey: 'key' }),
    says('session_start', 2_000, { sessionKey: 'second' }),
    says('session_stop', 3_000, { sessionKey: 'third' }),
    says('session_stop', 4_000, { sessionKey: 'second' }),
  ],
  'turns out to have begun earlier': [
    says('connection_open', 20_000),
    says('connection_open', 21_000, timedAt(5_000)),
    says('session_stop', 22_000, timedAt(4_000)),
    says('session_stop', 23_000, timedAt(6_000)),
  ],
  'is stopped before its connections are closed': [
    says('session_start', 0),
    says('connection_open', 1_000),
    says('connection_open', 2_000, { appId: 'second' }),
    says('session_stop', 3_000),
    says('connection_close', 62_000, { appId: 'second' }),
    says('connection_close', 63_000),
    says('connection_close', 63_001),
  ],
  'is stopped, and its connections are closed too late': [
    says('session_start', 0),
    says('connection_open', 1_000),
    says('session_stop', 3_000),
    says('connection_close', 63_001),
  ],
  'is known by its Stop first': [
    says('session_stop', 20_000, timedAt(20_000)),
    says('session_stop', 20_001, timedAt(20_001)),
    says('session_start', 80_000, timedAt(500)),
    says('session_start', 80_001, timedAt(500)),
  ],
  'has ended when its Start and its Open come': [
    says('connection_open', 2_000, timedAt(2_000)),
    says('session_stop', 3_000, timedAt(3_000)),
    says('session_start', 4_000, timedAt(1_000)),
    says('connection_open', 5_000, { ...timedAt(1_500), appId: 'second' }),
    says('connection_close', 63_000, { ...timedAt(2_500), appId: 'second' }),
    says('connection_open', 63_001, timedAt(2_700)),
  ],
  'is known by its Stop and Close first, which contradict what is known': [
    says('session_start', 9_000, timedAt(9_000)),
    says('connection_open', 9_500, timedAt(9_500)),
    says('connection_close', 10_000, timedAt(7_000)),
    says('session_stop', 20_000, timedAt(8_000)),
    says('connection_open', 21_000, timedAt(2_000)),
    says('session_start', 22_000, timedAt(1_000)),
    says('connection_open', 70_001, timedAt(6_000)),
  ],
  'has a key that no other line may take': [
    says('session_start', 0, { sessionKey: 'key' }),
    says('connection_open', 1_000, { sessionKey: 'key' }),
    says('connection_close', 2_000, { sessionKey: 'other' }),
    says('session_stop', 3_000, { sessionKey: 'other' }),
    says('session_stop', 4_000, { sessionKey: 'key' }),
  ],
  'times out, is reopened, and times out again': [
    says('session_start', 0),
    noDowntime(IDLE + 1),
    sweep(IDLE + 1),
    says('connection_open', 24 * HOUR),
    says('connection_close', 24 * HOUR + 1_000),
    noDowntime(24 * HOUR + IDLE + 1_001),
    sweep(24 * HOUR + IDLE + 1_001),
    says('session_stop', 24 * HOUR + IDLE + 2_000),
  ],
  'times out, and its Stop comes a day later': [
    says('session_start', 0),
    noDowntime(IDLE + 1),
    sweep(IDLE + 1),
    says('session_stop', 24 * HOUR),
    says('session_stop', 24 * HOUR + 1),
  ],
  'is open for too long, and its Stop and Close come late': [
    says('session_start', 0),
    says('connection_open', 1_000),
    noDowntime(24 * HOUR + 1),
    sweep(24 * HOUR + 1),
    says('session_stop', 24 * HOUR + 500),
    says('connection_close', 24 * HOUR + 1_000),
  ],
  'is hidden, times out so, and is shown again': [
    says('session_start', 0),
    says('connection_open', 1_000),
    { type: 'exclude', users: ['lab\\anna'], now: EPOCH + 2_000 },
    noDowntime(24 * HOUR + 1),
    sweep(24 * HOUR + 1),
    { type: 'exclude', users: [], now: EPOCH + 24 * HOUR + 2 },
    says('session_stop', 24 * HOUR + 500),
  ],
  'is refused, by a clock that is ahead': [
    says('session_rejected', 0, timedAt(600_000)),
    says('session_rejected', 1_000, timedAt(-3_000_000)),
    says('session_rejected', 2_000, timedAt(601_000)),
  ],
};

describe('a session that', () => {
  describe.each(Object.entries(LIVES))('%s', (_name, life) => {
    it.each([true, false])('does so wherever the program is killed (state committed: %s)', (withState) => {
      for (let killAfter = 0; killAfter < life.length; killAfter += 1) {
        const twin = new TrackerUnderTest(SETTINGS);
        const stored = new StoredSite(SETTINGS);
        let rules: readonly string[] = [];
        try {
          for (const [place, step] of life.entries()) {
            play(twin, (event) => twin.apply(event), step);
            play(stored.site, (event) => stored.apply(event), step);
            stored.commit(clockAfter(step), withState || step.type !== 'batch');
            if (step.type === 'exclude') rules = step.users;
            if (place === killAfter) stored.killAndRestart(excluded(rules));
            const what = `killed after ${killAfter}, at ${place}`;
            const { open, counts } = relevant(twin);
            expect(relevant(stored.site), what).toMatchObject({ open, counts });
            expect(windowsFrom(stored.site, clockAfter(step)), what).toEqual(
              windowsFrom(twin, clockAfter(step)),
            );
            expect(stored.site.tracker.counters, what).toEqual(twin.tracker.counters);
            expect(stateOf(stored.site).hosts.map(lossesOf), what).toEqual(stateOf(twin).hosts.map(lossesOf));
            expect(stored.site.book.nextNumbers, what).toEqual(twin.book.nextNumbers);
          }
          stored.commit(EPOCH + 30 * HOUR, true);
          expect(sessionsOf(stored)).toEqual(twin.view().sessions.map(withoutKeys));
        } finally {
          stored.dispose();
        }
      }
    });
  });
});

function lossesOf({ name, losses }: SiteState['hosts'][number]) {
  return { name, losses };
}

/** What the journal has of a session that can be told without names. */
function withoutKeys({ id, startedAt, endedAt, lastActivityAt, connections }: SessionView) {
  const times = connections.map(({ openedAt, closedAt, closeExact }) => ({ openedAt, closedAt, closeExact }));
  return { id, startedAt, endedAt, lastActivityAt, connections: times };
}

function sessionsOf(stored: StoredSite) {
  const connections = stored.database.prepare(
    'SELECT opened_at AS openedAt, closed_at AS closedAt, close_exact FROM connections WHERE session = ? ORDER BY id',
  );
  return stored.database
    .prepare(
      'SELECT id, started_at AS startedAt, ended_at AS endedAt, last_activity_at AS lastActivityAt FROM sessions ORDER BY id',
    )
    .all()
    .map((row) => ({
      ...row,
      connections: connections.all(Number(row['id'])).map(({ close_exact: exact, ...times }) => ({
        ...times,
        closeExact: exact === 1,
      })),
    }));
}

describe('a clock that is set back while the program does not run', () => {
  let stored: StoredSite;
  beforeEach(() => {
    stored = new StoredSite(SETTINGS);
  });
  afterEach(() => stored.dispose());

  /** The state is committed at the one moment, the line comes at the other. */
  function comesBack(committedAfter: number): void {
    stored.commit(EPOCH + committedAfter, true);
    stored.killAndRestart();
  }

  it('does not make forget connections that a Stop closed less than a minute ago', () => {
    for (const [kind, after] of [
      ['session_start', 0],
      ['connection_open', 0],
      ['session_stop', 1_000],
    ] as const) {
      stored.apply(eventAt(kind, EPOCH + after));
    }
    comesBack(121_000);
    expect(stored.site.apply(eventAt('connection_close', EPOCH + 61_000), 4).outcome).toBe('applied');
  });

  it('does not make forget an orphan Stop of less than a minute ago', () => {
    stored.apply(eventAt('session_stop', EPOCH, { timed: true }));
    comesBack(120_000);
    const start = eventAt('session_start', EPOCH, { timed: true, receivedAt: EPOCH + 60_000 });
    expect(stored.site.apply(start, 2).session?.endReason).toBe('stop');
  });

  it('does not make forget a session that timed out less than a day ago', () => {
    stored.apply(eventAt('session_start', EPOCH));
    stored.site.tracker.restarted(EPOCH + IDLE, EPOCH + IDLE);
    stored.site.tick(EPOCH + IDLE + 1);
    comesBack(IDLE + 1 + 25 * HOUR);
    const { session } = stored.site.apply(eventAt('session_stop', EPOCH + 24 * HOUR), 2);
    expect(session?.endReason).toBe('stop');
  });
});

describe('the moment at which the program ran last', () => {
  it('is that of the last state, or of an event that came after it', () => {
    const stored = new StoredSite(SETTINGS);
    try {
      expect(stored.stoppedAt).toBeNull();
      stored.apply(eventAt('session_start', EPOCH));
      stored.commit(EPOCH + 1_000, true);
      stored.killAndRestart();
      expect(stored.stoppedAt).toBe(EPOCH + 1_000);
      stored.apply(eventAt('session_start', EPOCH + 5_000));
      stored.commit(EPOCH + 5_000, false);
      stored.killAndRestart();
      expect(stored.stoppedAt).toBe(EPOCH + 5_000);
      // A state may be committed without any event.
      stored.commit(EPOCH + 9_000, true);
      stored.killAndRestart();
      expect(stored.stoppedAt).toBe(EPOCH + 9_000);
    } finally {
      stored.dispose();
    }
  });
});

/** Only keys that both still have a reason to know. */
function relevant(site: Site, now = 0) {
  const memory = memoryOf(site, now);
  return {
    ...memory,
    open: memory.open
      .filter((key) => key.open.length > 0)
      .map(({ key, open }) => ({ key, open }))
      .sort((a, b) => (a.key < b.key ? -1 : 1)),
  };
}

describe('the quality of the counts', () => {
  it('has the same reasons after a restart', () => {
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
  it.each([['state', true] as const, ['events alone', false] as const])(
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

describe('the balance of a host', () => {
  it('is known after a restart, with the lines that came since the state', () => {
    const stored = new StoredSite(SETTINGS);
    try {
      for (const rowNumber of [1, 2]) stored.apply({ ...EVENT, rowNumber, receivedAt: EPOCH }, NODE);
      stored.site.tick(EPOCH);
      stored.apply({ ...EVENT, rowNumber: 9, receivedAt: EPOCH }, NODE);
      stored.site.tick(EPOCH + 6_000);
      stored.commit(EPOCH + 6_000, true);
      stored.apply({ ...EVENT, rowNumber: 10, receivedAt: EPOCH + 6_000 }, NODE);
      stored.commit(EPOCH + 6_000, false);
      const ofHost = () => ({ ...stored.site.identities.hosts.get('node1')?.balance });
      const before = ofHost();
      expect(before).toMatchObject({ heardSince: EPOCH, lostStops: expect.any(Number) });
      stored.killAndRestart();
      expect(ofHost()).toEqual(before);
    } finally {
      stored.dispose();
    }
  });
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

  it.each([['state', true] as const, ['events alone', false] as const])(
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

  it('are a reason for estimates after a restart too', () => {
    for (const row of [1, 2, 4]) says(row, row);
    commits(60, true);
    stored.killAndRestart();
    expect(stored.site.quality.ofHost(hostOf('node1'), EPOCH + 61_000).reasons).toEqual(['gap']);
    expect(stored.site.quality.ofHost(hostOf('node2'), EPOCH + 61_000).reasons).toEqual([]);
  });

  it('begin with the store of a version that did not look at them', () => {
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
