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

const LOSS = { ...QUIET_DAY.faults, loss: 0.1 };
const CALM: Partial<DaySettings> = { failingPolls: null };
const POLLED: Partial<DaySettings> = { failingPolls: 0 };
const AWAY: Partial<DaySettings> = { away: { fromMs: 90 * MINUTE_MS + 400, forMs: 10 * MINUTE_MS } };
const CRASH: Partial<DaySettings> = { crashMs: 100 * MINUTE_MS };
const CLOCK: Partial<DaySettings> = { clockOffsetMs: -40 * MINUTE_MS };

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'no-loss',
    what: 'no loss, a fifth of the lines late by up to 20 s, 2 % twice',
    settings: {
      faults: { loss: 0, duplicate: 0.02, reorder: 0.2, reorderDelayMs: 20_000 },
      settlesEachMinute: true,
    },
    checks: [equalEachMinute, exactEachMinute, neverExactAndWrong],
  },
  {
    name: 'loss-polls',
    what: '10 % loss, polls every 30 s',
    settings: { faults: LOSS, ...POLLED },
    checks: [healed, reconciled, neverExactAndWrong, withinBounds],
  },
  {
    name: 'loss-failing-polls',
    what: '10 % loss in bursts of 10, polls of which one in four fails',
    settings: { faults: { ...LOSS, lossBurst: 10 }, failingPolls: 0.25 },
    checks: [healed, neverExactAndWrong, withinBounds],
  },
  {
    name: 'loss',
    what: '10 % loss, no polls',
    settings: { faults: LOSS },
    checks: [withinBounds, neverExactAndWrong],
  },
  ...(
    [
      ['away', 'Headcount away for 10 min', AWAY],
      ['crash', 'a proxy crashes', CRASH],
      ['clock', 'clock of a host 40 min behind', CLOCK],
    ] as const
  ).flatMap(([name, what, trouble]): Scenario[] => [
    {
      name,
      what: `${what}, no polls`,
      settings: { ...trouble, ...CALM },
      checks: [neverExactAndWrong, withinBounds],
    },
    {
      name: `${name}-polls`,
      what: `${what}, polls`,
      settings: { ...trouble, ...POLLED },
      checks: [healed, neverExactAndWrong],
    },
  ]),
  {
    name: 'polls-alone',
    what: 'polls alone, no line at all',
    settings: { sendsLines: false, ...POLLED },
    checks: [healed, reconciled, neverExactAndWrong],
  },
  {
    name: 'first-start',
    what: 'first start on a site with open sessions, polls',
    settings: { users: 3_200, openAtFirstStart: 2_000, hours: 1, ...POLLED },
    checks: [rightAfterFirstRound, healed, neverExactAndWrong],
  },
];

function equalEachMinute({ equal }: Figures): Reached {
  return every('minutes in which the counts equal the truth', equal);
}

function exactEachMinute({ minutesOf, minutes }: Figures): Reached {
  return every('minutes that are exact', { so: minutesOf.get('exact') ?? 0, of: minutes });
}

function healed(figures: Figures): Reached {
  return every('minutes without a difference older than two polls', figures.healed);
}

function reconciled(figures: Figures): Reached {
  return every('minutes that are reconciled', figures.reconciled);
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

function withinBounds({ within, bounded }: Figures): Reached {
  const share = within.of === 0 ? 1 : within.so / within.of;
  return {
    what: 'seconds in which the truth lies within bounds that have an upper end',
    toReach: '>= 99 %',
    reached: `${percent(share)} of the ${percent(bounded.so / bounded.of)} that have one`,
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
