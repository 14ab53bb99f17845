import type { PeaksItem } from '../../journal/read/answers.ts';

export type Measure = 'sessions' | 'users' | 'seats';

export const HOURS = 24;

/** The largest number of one hour, and when that was first (ISO 8601); `peak` is null where nobody knows. */
export interface HeatCell {
  readonly peak: number | null;
  readonly at: string | null;
}

export interface HeatDay {
  /** Such as 2026-11-19. */
  readonly day: string;
  /** A time in it: ISO 8601. */
  readonly at: string;
  /** By the hour of the clock; null where the day has no such hour, or has not come to it. */
  readonly cells: readonly (HeatCell | null)[];
}

/** The peaks of hours as days of 24 of them, the latest day first. Where a clock was set back, an hour has the larger of its two. */
export function heatDays(items: readonly PeaksItem[], measure: Measure, timeZone: string): HeatDay[] {
  const clock = new Intl.DateTimeFormat('sv-SE', {
    timeZone,
    ...{ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', hourCycle: 'h23' },
  } as Intl.DateTimeFormatOptions);
  const days = new Map<string, { at: string; cells: (HeatCell | null)[] }>();
  for (const item of items) {
    const [day = '', hour = ''] = clock.format(new Date(item.from)).split(' ');
    const found = days.get(day) ?? { at: item.from, cells: Array<HeatCell | null>(HOURS).fill(null) };
    days.set(day, found);
    found.cells[Number(hour)] = larger(found.cells[Number(hour)] ?? null, item[measure]);
  }
  return [...days].map(([day, found]) => ({ day, ...found })).reverse();
}

function larger(one: HeatCell | null, other: HeatCell): HeatCell {
  return one === null || (other.peak ?? -1) > (one.peak ?? -1) ? other : one;
}

/** The largest of all, the earliest where there are several; null where nothing is known. */
export function highest(days: readonly HeatDay[]): HeatCell | null {
  let found: HeatCell | null = null;
  for (const cell of days.toReversed().flatMap(({ cells }) => cells)) {
    if (cell?.peak != null && cell.peak > (found?.peak ?? -1)) found = cell;
  }
  return found;
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/**
 * From when to ask so that there are so many days, the one of `end` included: the midnight of a zone, whose offset may have changed
 * on the way. Times: ms since 1970 UTC.
 */
export function firstMidnight(end: number, days: number, timeZone: string): number {
  const clock = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    ...{ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  } as Intl.DateTimeFormatOptions);
  const sinceMidnight = (at: number): number => {
    const [hours = '0', minutes = '0'] = clock.format(at).split(':');
    return Number(hours) * HOUR_MS + Number(minutes) * 60_000 + (at % 60_000);
  };
  const noon = end - sinceMidnight(end) - (days - 1) * DAY_MS + DAY_MS / 2;
  return noon - sinceMidnight(noon);
}
