import fc from 'fast-check';
import type { Kind, User, UserEvent } from '../../../src/contract/event.ts';
import { type LossReason, userName } from './session-model.ts';

/**
 * Random streams of steps, to compare a tracker with `SessionModel`.
 *
 * A stream is a list of scenes, each placed some time after the scene before it. A scene makes items on one
 * time line: true moments of lines, sweeps, exclusions, restarts. Lines may be lost, doubled or late, and may
 * carry a time of their own. The items are then played in order of arrival and the lines cut into batches.
 * `receivedAt` rises in order of arrival; inside a batch the order is that of `at`, as in the pipeline.
 */

export type Step =
  | { type: 'batch'; events: UserEvent[] }
  | { type: 'sweep'; now: number }
  /** `users` as in `SessionView.user`: lower-cased `directory\id`. */
  | { type: 'exclude'; users: string[]; now: number }
  | { type: 'restart'; stoppedAt: number; startedAt: number }
  /** Lines of a host, or of every host where it is null, were lost. */
  | { type: 'lose'; host: string | null; reason: LossReason; now: number };

/** The settings for which the limits in the delays below are drawn. */
export const SETTINGS = { timeoutMs: 1_800_000, graceMs: 300_000, maxAgeMs: 86_400_000 };

/** Every stream begins here. */
export const EPOCH = Date.UTC(2026, 0, 5, 8);

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const HOSTS = ['node1', 'node2'] as const;
const USERS: readonly User[] = [
  { directory: 'ACME', id: 'anna' },
  { directory: 'ACME', id: 'bert' },
  { directory: null, id: 'anna' },
];
const USER_NAMES = ['acme\\anna', 'acme\\bert', '\\anna'];
const APPS = ['app-1', 'app-2'] as const;
const PROXIES = ['vp-a', 'vp-b'] as const;
const USER_AGENTS = ['agent-1', 'agent-2'] as const;

/** A delay: often a limit of the rules or one beside it, often a moment, sometimes anything. */
function delay(): fc.Arbitrary<number> {
  const beside = (...limits: number[]) =>
    fc.constantFrom(...limits.flatMap((limit) => [limit - 1, limit, limit + 1]));
  return fc.oneof(
    { weight: 30, arbitrary: fc.constantFrom(0, 0, 1, 500, 2_000) },
    { weight: 12, arbitrary: beside(5 * SECOND, 20 * SECOND, MINUTE) },
    { weight: 10, arbitrary: beside(10 * SECOND, 18 * SECOND) },
    { weight: 10, arbitrary: fc.integer({ min: 0, max: 70_000 }) },
    { weight: 6, arbitrary: beside(SETTINGS.timeoutMs, SETTINGS.timeoutMs + SETTINGS.graceMs) },
    { weight: 3, arbitrary: beside(24 * HOUR, 24 * HOUR + 35 * MINUTE) },
    { weight: 1, arbitrary: beside(48 * HOUR) },
    { weight: 3, arbitrary: fc.integer({ min: 0, max: 30 * HOUR }) },
  );
}

/** Short delays only, for the steps inside a visit. */
function moment(): fc.Arbitrary<number> {
  return fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(0, 1, 300, 2_000) },
    {
      weight: 5,
      arbitrary: fc.constantFrom(4_999, 5_000, 5_001, 18_000, 20_000, 20_001, 59_999, 60_000, 60_001),
    },
    { weight: 1, arbitrary: delay() },
  );
}

/** What the sender's clock differs from ours. */
function skew(): fc.Arbitrary<number> {
  return fc.oneof(
    { weight: 12, arbitrary: fc.constant(0) },
    { weight: 4, arbitrary: fc.integer({ min: -60_000, max: 60_000 }) },
    {
      weight: 3,
      arbitrary: fc.constantFrom(-60_000, -20_001, -20_000, -5_000, -1, 1, 5_000, 20_000, 60_000),
    },
    { weight: 1, arbitrary: fc.integer({ min: -30 * HOUR, max: 30 * HOUR }) },
  );
}

/** What may befall one line on its way. */
interface Fate {
  lost: boolean;
  /** From the moment of the event to its arrival. */
  transit: number;
  /** A second arrival so much after the first. */
  again: number | null;
  skew: number;
  /** 0 to 99, set against the share of timed lines in the stream. */
  timedDraw: number;
  /** Timed or not, whatever the stream is like. */
  timed: boolean | null;
  /** 0 to 99, set against the share of keyed lines in the stream. */
  keyDraw: number;
  /** What a random session key would be. */
  garbage: number;
  /** The user is written in another case. */
  shout: boolean;
  result: number | null;
  userAgent: string | null;
}

function fate(): fc.Arbitrary<Fate> {
  return fc.record({
    lost: fc.integer({ min: 0, max: 99 }).map((draw) => draw >= 92),
    transit: fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: moment() }),
    again: fc.oneof({ weight: 15, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: moment() }),
    skew: skew(),
    timedDraw: fc.integer({ min: 0, max: 99 }),
    timed: fc.constant(null),
    keyDraw: fc.integer({ min: 0, max: 99 }),
    garbage: fc.integer({ min: 0, max: 999 }),
    shout: fc.integer({ min: 0, max: 9 }).map((draw) => draw === 9),
    result: fc.oneof(
      { weight: 20, arbitrary: fc.constant(null) },
      { weight: 4, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.constantFrom(1, 5, -1) },
    ),
    userAgent: fc.constantFrom(null, null, ...USER_AGENTS),
  });
}

const NO_FATE: Fate = {
  lost: false,
  transit: 0,
  again: null,
  skew: 0,
  timedDraw: 99,
  timed: null,
  keyDraw: 0,
  garbage: 0,
  shout: false,
  result: null,
  userAgent: null,
};

/** Whose line it is. */
interface Whose {
  host: (typeof HOSTS)[number];
  user: User | null;
  virtualProxy: string | null;
}

function whose(): fc.Arbitrary<Whose> {
  return fc.record({
    host: fc.oneof(
      { weight: 4, arbitrary: fc.constant(HOSTS[0]) },
      { weight: 1, arbitrary: fc.constant(HOSTS[1]) },
    ),
    user: fc.oneof(
      { weight: 6, arbitrary: fc.constant(USERS[0] ?? null) },
      { weight: 3, arbitrary: fc.constantFrom(...USERS) },
      { weight: 1, arbitrary: fc.constant(null) },
    ),
    virtualProxy: proxy(),
  });
}

function proxy(): fc.Arbitrary<string | null> {
  return fc.oneof(
    { weight: 7, arbitrary: fc.constant(null) },
    { weight: 2, arbitrary: fc.constantFrom(...PROXIES) },
  );
}

function app(): fc.Arbitrary<string | null> {
  return fc.constantFrom(APPS[0], APPS[0], APPS[1], null);
}

/** A key that few other scenes touch. */
function aside(): fc.Arbitrary<Whose> {
  return fc.record({
    host: fc.constant(HOSTS[1]),
    user: fc.constantFrom(USERS[1] ?? null, USERS[1] ?? null, USERS[2] ?? null, null),
    virtualProxy: fc.constant(null),
  });
}

/** Things on the time line, with the true moment of each as an offset inside the scene. */
type Item = { offset: number } & (
  | { type: 'line'; kind: Kind; whose: Whose; appId: string | null; session: string; fate: Fate }
  | { type: 'sweep' }
  | { type: 'exclude'; users: string[] }
  | { type: 'restart'; downtime: number }
  | { type: 'lose'; host: string | null; reason: LossReason }
);

interface Scene {
  /** After the last item of the scene before, or (`overlap`) after its first. */
  after: number;
  overlap: boolean;
  items: (sceneNumber: number) => Item[];
}

function scene(after: fc.Arbitrary<number>, items: fc.Arbitrary<Scene['items']>): fc.Arbitrary<Scene> {
  return fc.record({ after, overlap: fc.boolean(), items });
}

/** A whole session as it should be: start, visits of apps, stop. Fate makes of it what it likes. */
function life(): fc.Arbitrary<Scene['items']> {
  const part = fc.record({ gap: moment(), fate: fate(), virtualProxy: fc.option(proxy(), { freq: 8 }) });
  const visit = fc.record({ appId: app(), open: part, close: part, closes: fc.integer({ min: 0, max: 3 }) });
  return fc
    .record({
      whose: whose(),
      start: fc.option(part, { freq: 4 }),
      /** The start is sent after the first open. */
      startSecond: fc.integer({ min: 0, max: 3 }).map((draw) => draw === 3),
      visits: fc.array(visit, { maxLength: 3 }),
      stop: fc.option(part, { freq: 3 }),
      /** Which of a few sessions it claims to be, where sessions share their keys. */
      pool: fc.integer({ min: 0, max: 2 }),
    })
    .map(({ whose, start, startSecond, visits, stop, pool }) => (sceneNumber) => {
      type Part = NonNullable<typeof start>;
      const items: Item[] = [];
      let offset = 0;
      const add = (kind: Kind, appId: string | null, one: Part) => {
        offset += one.gap;
        // Now and then a line names another virtual proxy than its session.
        const own = one.virtualProxy === null ? whose : { ...whose, virtualProxy: one.virtualProxy };
        const session = pool === 2 ? 'shared' : `s${sceneNumber}`;
        items.push({ type: 'line', offset, kind, whose: own, appId, session, fate: one.fate });
      };
      if (start !== null && !startSecond) {
        add('session_start', null, start);
      }
      for (const [index, { appId, open, close, closes }] of visits.entries()) {
        add('connection_open', appId, open);
        if (index === 0 && start !== null && startSecond) {
          add('session_start', null, start);
        }
        if (closes >= 2) {
          add('connection_close', appId, close);
        }
      }
      if (stop !== null) {
        add('session_stop', null, stop);
      }
      // Connections that are closed only with or after the session.
      for (const { appId, close } of visits.filter(({ closes }) => closes === 1)) {
        add('connection_close', appId, close);
      }
      return items;
    });
}

/** Lines without any plan. */
function noise(): fc.Arbitrary<Scene['items']> {
  return fc
    .array(
      fc.record({
        kind: fc.constantFrom<Kind>(
          'session_start',
          'session_stop',
          'session_stop',
          'connection_open',
          'connection_open',
          'connection_close',
          'connection_close',
          'session_rejected',
        ),
        whose: whose(),
        appId: app(),
        session: fc.constantFrom('shared', 'other'),
        gap: moment(),
        fate: fate(),
      }),
      { minLength: 1, maxLength: 6 },
    )
    .map((lines) => () => {
      let offset = 0;
      return lines.map(({ kind, whose, appId, session, gap, fate }): Item => {
        offset += gap;
        return { type: 'line', offset, kind, whose, appId, session, fate };
      });
    });
}

/** Sessions one after the other whose Stop has another key than their Start: 20 of them are one too many. */
function mismatches(): fc.Arbitrary<Scene['items']> {
  return fc
    .record({
      whose: whose(),
      count: fc.oneof(fc.constantFrom(18, 19, 20, 21), fc.integer({ min: 1, max: 24 })),
      matchAfter: fc.option(fc.integer({ min: 0, max: 24 }), { freq: 3 }),
      /** The one match comes when its session has timed out. */
      matchLate: fc.boolean(),
    })
    .map(({ whose, count, matchAfter, matchLate }) => (sceneNumber) => {
      const items: Item[] = [];
      let offset = 0;
      const add = (kind: Kind, session: string) => {
        offset += 1;
        items.push({ type: 'line', offset, kind, whose, appId: null, session: `!${session}`, fate: NO_FATE });
      };
      for (let round = 0; round < count; round += 1) {
        const session = `m${sceneNumber}.${round}`;
        add('session_start', session);
        if (round === matchAfter && matchLate) {
          offset += SETTINGS.timeoutMs + SETTINGS.graceMs + 1;
          items.push(...sweepWithoutGap(offset));
        }
        add('session_stop', round === matchAfter ? session : `${session}x`);
      }
      return items;
    });
}

/** A sweep that takes all time since the sweep before for time in which Headcount ran. */
function sweepWithoutGap(offset: number): Item[] {
  return [
    { type: 'restart', offset, downtime: 0 },
    { type: 'sweep', offset },
  ];
}

/** Sessions that are left alone until a sweep ends them, and what comes after that. */
function forgotten(): fc.Arbitrary<Scene['items']> {
  const virtualProxy = fc.constantFrom(null, null, ...PROXIES);
  const name = fc.constantFrom<string>('', '', '!f1', '!f2');
  const timed = fc.constantFrom(null, true, false);
  return fc
    .record({
      whose: fc.oneof(aside(), whose()),
      before: fc.array(
        fc.record({
          kind: fc.constantFrom<Kind>('session_start', 'session_start', 'connection_open'),
          gap: fc.constantFrom(0, 1, 6_000),
          virtualProxy,
          name,
          timed,
          appId: app(),
        }),
        { minLength: 1, maxLength: 3 },
      ),
      limit: fc.constantFrom(SETTINGS.timeoutMs + SETTINGS.graceMs, SETTINGS.maxAgeMs),
      beyond: fc.constantFrom(0, 1, 1, 6_002, 6_002),
      after: fc.array(
        fc.record({
          kind: fc.constantFrom<Kind>(
            'session_start',
            'session_stop',
            'session_stop',
            'connection_open',
            'connection_open',
            'connection_close',
          ),
          /** After the last of the lines before. */
          moment: fc.constantFrom(-6_001, -1, 0, HOUR, HOUR, 24 * HOUR - 1, 24 * HOUR, 24 * HOUR + 1),
          /** It arrives no sooner than so much after the sweep. */
          wait: fc.constantFrom(0, 0, 0, 0, 24 * HOUR - 1, 24 * HOUR, 24 * HOUR + 1),
          virtualProxy,
          name,
          timed,
          appId: app(),
        }),
        { minLength: 1, maxLength: 4 },
      ),
    })
    .map(({ whose, before, limit, beyond, after }) => () => {
      const items: Item[] = [];
      let quiet = 0;
      const add = (one: (typeof before | typeof after)[number], offset: number, arrival: number) => {
        const { kind, appId, virtualProxy, name, timed } = one;
        const fate = { ...NO_FATE, timed, transit: arrival - offset, keyDraw: name === '' ? 100 : 0 };
        items.push({
          type: 'line',
          offset,
          kind,
          whose: { ...whose, virtualProxy },
          appId,
          session: name,
          fate,
        });
      };
      for (const one of before) {
        quiet += one.gap;
        add(one, quiet, quiet);
      }
      const sweep = quiet + limit + beyond;
      let clock = sweep;
      items.push(...sweepWithoutGap(sweep));
      for (const one of after) {
        clock = Math.max(clock, quiet + one.moment, sweep + one.wait);
        add(one, quiet + one.moment, clock);
      }
      return items;
    });
}

/** Stops that arrive before the starts of their sessions. */
function hasty(): fc.Arbitrary<Scene['items']> {
  const line = fc.record({
    virtualProxy: fc.constantFrom(null, null, ...PROXIES),
    name: fc.constantFrom<string>('', '', '', '!h1', '!h2'),
    timed: fc.constantFrom(true, true, true, true, true, false),
  });
  return fc
    .record({
      whose: aside(),
      stops: fc.array(
        fc.tuple(line, fc.constantFrom(0, 0, 1, 2, 5_000), fc.constantFrom(0, 0, 1, 3_000, 30_000)),
        {
          minLength: 1,
          maxLength: 3,
        },
      ),
      starts: fc.array(
        fc.tuple(
          line,
          // Before the first stop.
          fc.oneof(fc.constantFrom(-1, 0, 1, 19_999, 20_000, 20_001), fc.integer({ min: -2, max: 20_005 })),
          // After the last line, by arrival.
          fc.constantFrom(0, 1, 1_000, 29_999, 30_000, 59_998, 59_999, 60_000, 60_001),
        ),
        { minLength: 1, maxLength: 3 },
      ),
    })
    .map(({ whose, stops, starts }) => () => {
      const items: Item[] = [];
      const begin = 25_000;
      let clock = begin;
      const add = (kind: Kind, { virtualProxy, name, timed }: (typeof stops)[number][0], at: number) => {
        const fate = { ...NO_FATE, timed, skew: at - clock, keyDraw: name === '' ? 100 : 0 };
        const own = { ...whose, virtualProxy };
        items.push({ type: 'line', offset: clock, kind, whose: own, appId: null, session: name, fate });
      };
      for (const [one, later, gap] of stops) {
        clock += gap;
        add('session_stop', one, begin + later);
      }
      for (const [one, earlier, gap] of starts) {
        clock += gap;
        add('session_start', one, begin - earlier);
      }
      return items;
    });
}

/** Timed and untimed lines of one key within a few seconds. */
function tangle(): fc.Arbitrary<Scene['items']> {
  return fc
    .record({
      whose: aside(),
      lines: fc.array(
        fc.record({
          kind: fc.constantFrom<Kind>(
            'session_start',
            'session_start',
            'session_stop',
            'connection_open',
            'connection_open',
            'connection_close',
          ),
          appId: fc.constantFrom(APPS[0], null),
          gap: fc.constantFrom(0, 1, 1_000, 2_500),
          timed: fc.boolean(),
          skew: fc.constantFrom(0, 0, -1, 1, -2_000, 2_000, -5_000),
          key: fc.constantFrom<string>('', '', '', '!t'),
        }),
        { minLength: 2, maxLength: 6 },
      ),
    })
    .map(({ whose, lines }) => () => {
      let offset = 0;
      return lines.map(({ kind, appId, gap, timed, skew, key }): Item => {
        offset += gap;
        const fate = { ...NO_FATE, timed, skew, keyDraw: key === '' ? 100 : 0 };
        return { type: 'line', offset, kind, whose, appId, session: key, fate };
      });
    });
}

/** A key on which nothing is open (but for the user null, whom nobody excludes). */
function cleared(whose: Whose): Item[] {
  return [{ type: 'exclude', offset: 0, users: [userName(whose.user)] }];
}

/** An untimed line, then a timed one that lies before it, then a timed Stop beside that. */
function movedStart(): fc.Arbitrary<Scene['items']> {
  const kind = fc.constantFrom<Kind>('session_start', 'connection_open', 'connection_open');
  return fc
    .record({
      whose: aside(),
      first: kind,
      second: kind,
      earlier: fc.constantFrom(1, 3_000),
      beside: fc.constantFrom(-1, -1, 0, 1),
    })
    .map(({ whose, first, second, earlier, beside }) => () => {
      const line = (offset: number, kind: Kind, timed: boolean, skew: number): Item => {
        const fate = { ...NO_FATE, timed, skew, keyDraw: 100 };
        return { type: 'line', offset, kind, whose, appId: null, session: '', fate };
      };
      return [
        ...cleared(whose),
        line(10_000, first, false, 0),
        line(11_000, second, true, -1_000 - earlier),
        line(12_000, 'session_stop', true, -2_000 - earlier + beside),
      ];
    });
}

/** A session times out, its session key appears behind another virtual proxy, and then it comes back. */
function takenKey(): fc.Arbitrary<Scene['items']> {
  const virtualProxy = fc.constantFrom(...PROXIES, null);
  const kind = fc.constantFrom<Kind>('session_start', 'connection_open');
  return fc
    .record({
      whose: aside(),
      first: virtualProxy,
      second: fc.tuple(kind, virtualProxy),
      third: fc.tuple(fc.constant<Kind>('connection_open'), virtualProxy, fc.constantFrom('', '', '!k')),
    })
    .map(({ whose, first, second, third }) => () => {
      const line = (offset: number, kind: Kind, virtualProxy: string | null, session: string): Item => {
        const fate = { ...NO_FATE, keyDraw: session === '' ? 100 : 0 };
        const own = { ...whose, virtualProxy };
        return { type: 'line', offset, kind, whose: own, appId: null, session, fate };
      };
      const later = SETTINGS.timeoutMs + SETTINGS.graceMs + 1;
      return [
        ...cleared(whose),
        line(0, 'session_start', first, '!k'),
        ...sweepWithoutGap(later),
        line(later + 1, second[0], second[1], '!k'),
        line(later + 2, ...third),
      ];
    });
}

/** More of one kind than a key remembers, and lines that ask for all of them. */
function crowd(): fc.Arbitrary<Scene['items']> {
  return fc
    .record({
      whose: aside(),
      kind: fc.constantFrom('orphan stops', 'stopped connections', 'ended sessions'),
      count: fc.integer({ min: 62, max: 67 }),
    })
    .map(({ whose, kind, count }) => () => {
      const items: Item[] = cleared(whose);
      let clock = 30_000;
      const add = (kind: Kind, at: number) => {
        clock += 1;
        const fate = { ...NO_FATE, timed: true, skew: at - clock, keyDraw: 100 };
        items.push({ type: 'line', offset: clock, kind, whose, appId: null, session: '', fate });
      };
      const addAll = (kind: Kind, at: (n: number) => number) => {
        for (let n = 0; n < count; n += 1) {
          add(kind, at(n));
        }
      };
      if (kind === 'orphan stops') {
        // Each start lies on its own stop, so that none goes for another.
        addAll('session_stop', (n) => 10_000 - n);
        addAll('session_start', (n) => 10_000 - n);
      } else if (kind === 'stopped connections') {
        add('session_start', 10_000);
        addAll('connection_open', (n) => 10_000 + n);
        add('session_stop', 20_000);
        addAll('connection_close', (n) => 20_000 + n);
      } else {
        addAll('session_start', (n) => 10_000 + n);
        clock += SETTINGS.timeoutMs + SETTINGS.graceMs;
        items.push(...sweepWithoutGap(clock));
        addAll('session_stop', (n) => 30_000 + n);
      }
      return items;
    });
}

/** Two downtimes, the second of which ends when the first is (nearly) 48 h old. */
function longAbsence(): fc.Arbitrary<Scene['items']> {
  return fc
    .record({
      whose: aside(),
      kind: fc.constantFrom<Kind>('session_start', 'connection_open'),
      downtime: fc.constantFrom(HOUR, 30 * HOUR),
      beside: fc.constantFrom(-1, 0, 1),
    })
    .map(({ whose, kind, downtime, beside }) => () => {
      const between = MINUTE;
      const end = downtime + 48 * HOUR + beside;
      const second = downtime + between;
      return [
        {
          type: 'line',
          offset: 0,
          kind,
          whose,
          appId: null,
          session: '',
          fate: { ...NO_FATE, keyDraw: 100 },
        },
        { type: 'restart', offset: 0, downtime },
        { type: 'restart', offset: second, downtime: end - second },
        { type: 'sweep', offset: end },
      ];
    });
}

/** Sweeps in a row, at most `period` apart: only so does time pass without a downtime. */
function sweeps(): fc.Arbitrary<Scene['items']> {
  const few = fc.record({
    count: fc.integer({ min: 1, max: 4 }),
    period: fc.constantFrom(1, 5_000, 10_000, 10_001, 60_000),
    last: fc.constantFrom(0, 1),
  });
  const throughTimeout = fc.record({
    count: fc.constantFrom(209, 210, 211),
    period: fc.constant(10_000),
    last: fc.constantFrom(0, 1),
  });
  return fc
    .oneof({ weight: 8, arbitrary: few }, { weight: 1, arbitrary: throughTimeout })
    .map(({ count, period, last }) => () => {
      const items = Array.from(
        { length: count },
        (_, index): Item => ({ type: 'sweep', offset: index * period }),
      );
      return [...items, { type: 'sweep', offset: (count - 1) * period + last }];
    });
}

/** A restart, and a sweep soon after. One that takes no time lets any time before it pass without a gap. */
function restart(): fc.Arbitrary<Scene['items']> {
  return fc
    .record({
      downtime: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: delay() }),
      sweepAfter: fc.option(fc.constantFrom(0, 1, 10_000, 35 * MINUTE), { freq: 6 }),
    })
    .map(({ downtime, sweepAfter }) => () => {
      const items: Item[] = [{ type: 'restart', offset: 0, downtime }];
      if (sweepAfter !== null) {
        items.push({ type: 'sweep', offset: downtime + sweepAfter });
      }
      return items;
    });
}

function exclude(): fc.Arbitrary<Scene['items']> {
  return fc.subarray(USER_NAMES).map((users) => () => [{ type: 'exclude', offset: 0, users }]);
}

/** Lines are lost, of one host or all, and what comes some time after that, at the limits of the rules too. */
function lose(): fc.Arbitrary<Scene['items']> {
  const idle = SETTINGS.timeoutMs + SETTINGS.graceMs;
  return fc
    .record({
      loss: fc.constantFrom<[string | null, LossReason]>(
        [HOSTS[0], 'gap'],
        [HOSTS[1], 'gap'],
        [HOSTS[0], 'restart'],
        [HOSTS[0], 'restart'],
        [HOSTS[1], 'restart'],
        [null, 'drops'],
      ),
      sweepAfter: fc.option(
        fc.constantFrom(0, 1, 10_000, idle, idle + 1, idle + 1, SETTINGS.maxAgeMs + SETTINGS.graceMs + 1),
        { freq: 4 },
      ),
    })
    .map(({ loss: [host, reason], sweepAfter }) => () => {
      const items: Item[] = [{ type: 'lose', offset: 0, host, reason }];
      if (sweepAfter !== null) items.push(...sweepWithoutGap(sweepAfter));
      return items;
    });
}

/** What holds for a whole stream. */
interface Manner {
  /** Percent of the lines that carry a time. */
  timed: number;
  /** Percent of the lines that carry a session key. */
  keyed: number;
  keys: 'constant' | 'garbage' | 'either';
  proxies: boolean;
  skewed: boolean;
  /** How many milliseconds of arrivals go into one batch. */
  batchSpan: number;
  batchMax: number;
}

function manner(): fc.Arbitrary<Manner> {
  return fc.record({
    timed: fc.constantFrom(0, 50, 97, 100),
    keyed: fc.constantFrom(0, 0, 3, 50, 95, 100),
    keys: fc.constantFrom('constant', 'constant', 'either', 'garbage'),
    proxies: fc.boolean(),
    skewed: fc.boolean(),
    batchSpan: fc.constantFrom(0, 250, 1_000, 60_000),
    batchMax: fc.constantFrom(1, 3, 100),
  });
}

function play(manner: Manner, scenes: Scene[]): Step[] {
  // The time line: every item with the moment at which Headcount would see it.
  const timeline: { arrival: number; item: Item }[] = [];
  let first = EPOCH;
  let last = EPOCH;
  for (const [sceneNumber, { after, overlap, items }] of scenes.entries()) {
    const begin = (overlap ? first : last) + after;
    const made = items(sceneNumber);
    for (const item of made) {
      if (item.type !== 'line') {
        timeline.push({ arrival: begin + item.offset, item });
      } else if (!item.fate.lost) {
        const arrival = begin + item.offset + item.fate.transit;
        timeline.push({ arrival, item });
        if (item.fate.again !== null) {
          timeline.push({ arrival: arrival + item.fate.again, item });
        }
      }
    }
    first = begin;
    last = Math.max(begin, ...made.map((item) => begin + item.offset));
  }
  timeline.sort((a, b) => a.arrival - b.arrival);

  const steps: Step[] = [];
  let clock = EPOCH;
  let batch: UserEvent[] = [];
  const flush = () => {
    if (batch.length > 0) {
      steps.push({ type: 'batch', events: batch.toSorted((a, b) => a.at - b.at) });
      batch = [];
    }
  };
  for (const { arrival, item } of timeline) {
    // What comes during a downtime is seen at its end.
    clock = Math.max(clock, arrival);
    if (item.type === 'line') {
      const begun = batch[0]?.receivedAt ?? clock;
      if (clock - begun > manner.batchSpan || batch.length >= manner.batchMax) {
        flush();
      }
      batch.push(event(manner, item, clock, arrival - item.fate.transit));
      continue;
    }
    flush();
    if (item.type === 'sweep') {
      steps.push({ type: 'sweep', now: clock });
    } else if (item.type === 'exclude') {
      steps.push({ type: 'exclude', users: item.users, now: clock });
    } else if (item.type === 'lose') {
      steps.push({ type: 'lose', host: item.host, reason: item.reason, now: clock });
    } else {
      steps.push({ type: 'restart', stoppedAt: clock, startedAt: clock + item.downtime });
      clock += item.downtime;
    }
  }
  flush();
  return steps;
}

function event(
  manner: Manner,
  { kind, whose, appId, session, fate }: Item & { type: 'line' },
  receivedAt: number,
  happened: number,
): UserEvent {
  const timed = fate.timed ?? fate.timedDraw < manner.timed;
  const { host, user } = whose;
  const shouted =
    user === null || !fate.shout ? user : { directory: user.directory, id: user.id.toUpperCase() };
  return {
    kind,
    at: timed ? happened + (manner.skewed || fate.timed !== null ? fate.skew : 0) : receivedAt,
    originalAt: null,
    timed,
    receivedAt,
    host,
    user: shouted,
    origin: null,
    context: null,
    appId: kind === 'connection_open' || kind === 'connection_close' ? appId : null,
    virtualProxy: manner.proxies ? whose.virtualProxy : null,
    sessionKey: sessionKey(manner, session, fate),
    rowNumber: null,
    result: fate.result,
    userAgent: fate.userAgent,
    message: null,
    reason: kind === 'session_rejected' ? 'denied' : null,
    eventId: null,
  };
}

function sessionKey(manner: Manner, session: string, fate: Fate): string | null {
  if (session.startsWith('!')) {
    return session;
  }
  if (fate.keyDraw >= manner.keyed) {
    return null;
  }
  const garbage = manner.keys === 'garbage' || (manner.keys === 'either' && fate.garbage % 3 === 0);
  return garbage ? `g${fate.garbage}` : session;
}

export function steps(): fc.Arbitrary<Step[]> {
  const anyScene = fc.oneof(
    { weight: 20, arbitrary: scene(delay(), life()) },
    { weight: 6, arbitrary: scene(delay(), noise()) },
    { weight: 4, arbitrary: scene(delay(), sweeps()) },
    { weight: 5, arbitrary: scene(delay(), restart()) },
    { weight: 1, arbitrary: scene(delay(), exclude()) },
    { weight: 4, arbitrary: scene(delay(), lose()) },
    { weight: 1, arbitrary: scene(moment(), mismatches()) },
    { weight: 5, arbitrary: scene(delay(), forgotten()) },
    { weight: 3, arbitrary: scene(delay(), hasty()) },
    { weight: 3, arbitrary: scene(delay(), tangle()) },
    { weight: 1, arbitrary: scene(delay(), longAbsence()) },
    { weight: 1, arbitrary: scene(delay(), movedStart()) },
    { weight: 1, arbitrary: scene(delay(), takenKey()) },
    { weight: 1, arbitrary: scene(delay(), crowd()) },
  );
  return fc
    .record({ manner: manner(), scenes: fc.array(anyScene, { minLength: 1, maxLength: 24, size: 'max' }) })
    .map(({ manner, scenes }) => play(manner, scenes));
}
