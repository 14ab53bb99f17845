import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Calendar, type CalendarUnit, isTimeZone } from '../../src/journal/read/peaks/calendar.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/St_Johns',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'Africa/Cairo',
];

const CLOCKS = new Map(
  ZONES.map((timeZone) => [
    timeZone,
    new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short', timeStyle: 'medium' }),
  ]),
);

/** What the clocks on the wall show. */
function wall(at: number, timeZone: string): { day: string; month: string; minute: number } {
  const text = CLOCKS.get(timeZone)?.format(at) ?? '';
  return { day: text.slice(0, 10), month: text.slice(0, 7), minute: Number(/:(\d\d):/.exec(text)?.[1]) };
}

/** Looks at each quarter of an hour whether a unit begins with it. */
function slowBeginnings(unit: CalendarUnit, from: number, to: number, timeZone: string): number[] {
  const found: number[] = [];
  for (let at = from; at < to; at += 15 * MINUTE_MS) {
    const [now, before] = [wall(at, timeZone), wall(at - MINUTE_MS, timeZone)];
    if (unit === 'hour' ? now.minute === 0 : now[unit] !== before[unit]) found.push(at);
  }
  return found;
}

const beginnings = (unit: CalendarUnit, from: number, to: number, timeZone: string): number[] => {
  const found: number[] = [];
  for (const at of new Calendar(timeZone).beginnings(unit, from)) {
    if (at >= to) return found;
    found.push(at);
  }
  return found;
};

describe('a calendar', () => {
  const somewhen = fc
    .integer({
      min: Date.parse('2024-01-01T00:00Z') / HOUR_MS,
      max: Date.parse('2027-12-31T00:00Z') / HOUR_MS,
    })
    .map((hours) => hours * HOUR_MS);

  it.each(['hour', 'day', 'month'] as const)('begins each %s when the clocks on the wall say so', (unit) => {
    fc.assert(
      fc.property(somewhen, fc.constantFrom(...ZONES), (from, timeZone) => {
        const to = from + (unit === 'month' ? 40 : 4) * 24 * HOUR_MS;
        const found = beginnings(unit, from, to, timeZone);
        expect(found[0]).toBeLessThanOrEqual(from);
        expect(found.filter((at) => at >= from)).toEqual(slowBeginnings(unit, from, to, timeZone));
      }),
      { numRuns: unit === 'month' ? 10 : 40 },
    );
  });

  it.each([
    ['Europe/Berlin', '2026-03-29T12:00Z', 23],
    ['Europe/Berlin', '2026-10-25T12:00Z', 25],
    ['Africa/Cairo', '2026-04-24T12:00Z', 23],
    ['America/New_York', '2026-11-01T12:00Z', 25],
    ['Asia/Kolkata', '2026-11-01T12:00Z', 24],
  ])('has in %s on %s a day of %i hours', (timeZone, at, hours) => {
    const days = new Calendar(timeZone).beginnings('day', Date.parse(at));
    const first = days.next().value;
    expect((days.next().value - first) / HOUR_MS).toBe(hours);
  });

  it('has no day where a zone leaves one out', () => {
    const days = new Calendar('Pacific/Apia').beginnings('day', Date.parse('2011-12-29T20:00Z'));
    const found = [days.next().value, days.next().value, days.next().value];
    expect(found.map((at) => new Date(at).toISOString())).toEqual([
      '2011-12-29T10:00:00.000Z',
      '2011-12-30T10:00:00.000Z',
      '2011-12-31T10:00:00.000Z',
    ]);
  });
});

it.each([
  ['Europe/Berlin', true],
  ['utc', true],
  ['Nowhere', false],
  ['', false],
  ["UTC'; --", false],
])('%j is a time zone: %s', (name, is) => {
  expect(isTimeZone(name)).toBe(is);
});
