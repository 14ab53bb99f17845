import { type DaySettings, QUIET_DAY } from './compressed-day.ts';
import type { Figures, Share } from './figures.ts';

const MINUTE_MS = 60_000;

/** One line of the table: what was to reach, and what was reached. */
export interface Reached {
  readonly what: string;
  readonly toReach: string;
  readonly reached: string;
  readonly isMet: boolean;
}

export interface Scenario {
  readonly name: string;
  readonly what: string;
  readonly settings: Partial<DaySettings>;
  readonly checks: readonly ((figures: Figures) => Reached)[];
}

/** How large a site is, and how long it lives. */
export type Crowd = Pick<DaySettings, 'seed' | 'hours' | 'users' | 'rate'>;

/** What is to be reached. What goes wrong once does so after a fifth of the time. */
export function createScenarios(crowd: Crowd): readonly Scenario[] {
  const { hours, users, rate } = crowd;
  const troubleMs = Math.round(hours * 12) * MINUTE_MS;
  const loss = { ...QUIET_DAY.faults, loss: 0.1 };
  const late = { loss: 0, duplicate: 0.02, reorder: 0.2, reorderDelayMs: 20_000 };
  const polls = { failingPolls: 0 };
  const narrow = (figures: Figures) => narrowerThan(users, figures);
  const troubles = [
    ['away', 'Headcount away for 10 min', { away: { fromMs: troubleMs + 500, forMs: 10 * MINUTE_MS } }],
    ['crash', 'a proxy crashes', { crashMs: troubleMs }],
    ['clock', 'clock of a host 40 min behind', { clockOffsetMs: -40 * MINUTE_MS }],
  ] as const;
  const scenarios: Scenario[] = [
    {
      name: 'no-loss',
      what: 'no loss, a fifth of the lines late by up to 20 s, 2 % twice',
      settings: {
        faults: late,
        settlesEachMinute: true,
      },
      checks: [equalEachMinute, exactEachMinute, neverExactAndWrong],
    },
    {
      name: 'keyless',
      what: 'no loss, as many lines late and twice, no session keys',
      settings: { faults: late, settlesEachMinute: true, hasSessionKeys: false },
      checks: [sessionsEachMinute, neverExactAndWrong, withinBounds],
    },
    {
      name: 'loss-polls',
      what: '10 % loss, polls every 30 s',
      settings: { faults: loss, ...polls },
      checks: [healed, reconciled, neverExactAndWrong, withinBounds],
    },
    {
      name: 'loss-failing-polls',
      what: '10 % loss in bursts of 10 lines, one poll in four fails',
      settings: { faults: { ...loss, lossBurst: 10 }, failingPolls: 0.25 },
      checks: [healed, neverExactAndWrong, withinBounds],
    },
    {
      name: 'loss',
      what: '10 % loss, no polls',
      settings: { faults: loss },
      checks: [withinBounds, narrow, neverExactAndWrong],
    },
    {
      name: 'loss-bursts',
      what: '10 % loss in bursts of 10 lines, no polls',
      settings: { faults: { ...loss, lossBurst: 10 } },
      checks: [withinBounds, narrow, neverExactAndWrong],
    },
    {
      name: 'loss-one-host',
      what: '10 % loss of the lines of one host, no polls',
      settings: { faults: loss, isFaultyAtOneHost: true },
      checks: [withinBounds, narrow, neverExactAndWrong],
    },
    {
      name: 'loss-silent',
      what: '10 % loss, no polls, and Sense does not say when a session times out',
      settings: { faults: loss, logsTimeouts: false },
      checks: [withinBounds],
    },
    ...troubles.flatMap(([name, what, trouble]): Scenario[] => [
      { name, what: `${what}, no polls`, settings: trouble, checks: [neverExactAndWrong, withinBounds] },
      {
        name: `${name}-polls`,
        what: `${what}, polls`,
        settings: { ...trouble, ...polls },
        checks: [healed, neverExactAndWrong],
      },
    ]),
    {
      name: 'polls-alone',
      what: 'polls alone, no line at all',
      settings: { sendsLines: false, ...polls },
      checks: [healed, reconciled, neverExactAndWrong],
    },
    {
      name: 'first-start',
      what: `first start while ${users} sessions are open, polls`,
      settings: { users: 3 * users, rate: 3 * rate, hours: Math.min(1, hours), startsLate: true, ...polls },
      checks: [rightAfterFirstRound, healed, neverExactAndWrong],
    },
  ];
  return scenarios.map((scenario) => ({ ...scenario, settings: { ...crowd, ...scenario.settings } }));
}

function equalEachMinute({ equal }: Figures): Reached {
  return every('minutes in which the counts equal the truth', equal);
}

function sessionsEachMinute({ equal, equalSessions }: Figures): Reached {
  const row = every('minutes in which sessions and users equal the truth', equalSessions);
  return { ...row, reached: `${row.reached}, and ${equal.so} in which connections do too` };
}

function exactEachMinute({ minutesOf, minutes }: Figures): Reached {
  return every('minutes that are exact', { so: minutesOf.get('exact') ?? 0, of: minutes });
}

function healed(figures: Figures): Reached {
  return every('minutes without a difference older than two answers of the proxy', figures.healed);
}

function reconciled(figures: Figures): Reached {
  return every('minutes that are reconciled, or exact', figures.reconciled);
}

function every(what: string, { so, of }: Share): Reached {
  return { what, toReach: 'all', reached: `${so} of ${of}`, isMet: so === of && of > 0 };
}

function neverExactAndWrong({ exactAndWrong, unknowable }: Figures): Reached {
  const wrong = exactAndWrong.so - unknowable;
  return {
    what: 'seconds said to be exact that are wrong',
    toReach: '0',
    reached: `${wrong} of ${exactAndWrong.of}, and ${unknowable} in which nobody could know`,
    isMet: wrong === 0,
  };
}

function narrowerThan(crowd: number, { within, widths }: Figures): Reached {
  const width = Math.round(widths / Math.max(1, within.of));
  return {
    what: 'sessions between the bounds, on average',
    toReach: `< ${crowd}, as there are users`,
    reached: String(width),
    isMet: width < crowd,
  };
}

function withinBounds({ within, bounded, widths, unknowableBounds }: Figures): Reached {
  const share = within.of === 0 ? 1 : within.so / within.of;
  const width = within.of === 0 ? 0 : Math.round(widths / within.of);
  const apart = `the bounds are ${width} sessions apart on average`;
  return {
    what: 'seconds in which the truth lies within bounds that have an upper end',
    toReach: '>= 99 %',
    reached: `${percent(share)} of the ${percent(bounded.so / bounded.of)} that have one, and ${unknowableBounds} not in which nobody could know; ${apart}`,
    isMet: share >= 0.99,
  };
}

function rightAfterFirstRound({ wrongAfterFirstRound }: Figures): Reached {
  return {
    what: 'people counted wrong after the first round of polls',
    toReach: '0',
    reached: String(wrongAfterFirstRound),
    isMet: wrongAfterFirstRound === 0,
  };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
