import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { momentText, readMoment } from '../../src/page/as-of/read-moment.ts';
import { offsetOf, timeOfClock } from '../../src/page/words/zone.ts';

const BERLIN = 'Europe/Berlin';
const NOW = Date.parse('2026-11-20T12:00:00Z');

function read(text: string, now = NOW, zone = BERLIN): string {
  const moment = readMoment(text, now, zone);
  return 'at' in moment ? new Date(moment.at).toISOString() : moment.problem;
}

describe('a moment that somebody types', () => {
  it.each([
    ['2026-11-20T11:14+01:00', '2026-11-20T10:14:00.000Z'],
    ['2026-11-20T11:14:05.25+0100', '2026-11-20T10:14:05.250Z'],
    ['2026-11-20 06:14 -05', '2026-11-20T11:14:00.000Z'],
    ['2026-11-20T11:14z', '2026-11-20T11:14:00.000Z'],
    ['2026-11-20 11:14', '2026-11-20T10:14:00.000Z'],
    ['2026-07-20T11:14', '2026-07-20T09:14:00.000Z'],
    ['  10:14 ', '2026-11-20T09:14:00.000Z'],
    ['9:14', '2026-11-20T08:14:00.000Z'],
    ['10:14:05', '2026-11-20T09:14:05.000Z'],
    ['today 10:14', '2026-11-20T09:14:00.000Z'],
    ['Yesterday 10:14', '2026-11-19T09:14:00.000Z'],
    ['yesterday, 23:59:59', '2026-11-19T22:59:59.000Z'],
  ])('is read: %s', (text, time) => {
    expect(read(text)).toBe(time);
  });

  it('is of the day that it is in the shown zone', () => {
    const justAfterMidnight = Date.parse('2026-11-20T23:30:00Z');
    expect(read('0:10', justAfterMidnight)).toBe('2026-11-20T23:10:00.000Z');
    expect(read('0:10', justAfterMidnight, 'UTC')).toBe('2026-11-20T00:10:00.000Z');
    expect(read('yesterday 0:10', justAfterMidnight)).toBe('2026-11-19T23:10:00.000Z');
  });

  it.each([
    '',
    'now',
    '10',
    '10:1',
    '24:00',
    '10:60',
    '10:14:60',
    '2026-11-20',
    '20.11.2026 10:14',
    '10:14+15:00',
    '10:14 <b>',
  ])('is not understood, and what is expected is said: %s', (text) => {
    expect(read(text)).toMatch(/^This is no time that can be read. Write 10:14/);
  });

  it.each(['2026-02-29', '2026-02-30', '2026-13-01', '2026-00-10'])(
    'is of no day of the calendar: %s',
    (date) => {
      expect(read(`${date} 10:14`)).toBe(`There is no day ${date}.`);
    },
  );

  it('lies in the future, and a time of today is asked about', () => {
    expect(read('2026-11-20 13:01')).toBe('This lies in the future.');
    expect(read('13:01')).toBe('This lies in the future. Was it yesterday 13:01?');
    expect(read('13:00')).toBe('2026-11-20T12:00:00.000Z');
  });

  it('was passed over when the clocks were put forward', () => {
    expect(read('2026-03-29 02:30')).toMatch(/put forward/);
    expect(read('2026-03-29 03:30')).toBe('2026-03-29T01:30:00.000Z');
  });

  it('is the first one where the clocks were put back', () => {
    expect(read('2026-10-25 02:30')).toBe('2026-10-25T00:30:00.000Z');
    expect(read('2026-10-25 02:30+01:00')).toBe('2026-10-25T01:30:00.000Z');
  });

  it('comes to no harm by any text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const moment = readMoment(text, NOW, BERLIN);
        expect('at' in moment ? moment.at <= NOW : moment.problem.length > 0).toBe(true);
      }),
    );
  });
});

const zones = fc.constantFrom(
  'UTC',
  BERLIN,
  'America/St_Johns',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'Pacific/Apia',
);
const times = fc
  .integer({ min: Date.parse('2012-01-01T00:00:00Z') / 1000, max: NOW / 1000 })
  .map((s) => s * 1000);

describe('a moment in words', () => {
  it('is read back as the same, or as the first one that clocks showed so', () => {
    fc.assert(
      fc.property(times, zones, (at, zone) => {
        const back = readMoment(momentText(at, zone), NOW, zone);
        const read = 'at' in back ? back.at : Number.NaN;
        expect(momentText(read, zone)).toBe(momentText(at, zone));
        expect(at - read).toBeGreaterThanOrEqual(0);
        expect(at - read).toBeLessThanOrEqual(3_600_000);
      }),
    );
  });
});

describe('the clocks of a zone', () => {
  it('are ahead of UTC by what the zone is', () => {
    expect(offsetOf(NOW, BERLIN)).toBe(3_600_000);
    expect(offsetOf(NOW, 'Asia/Kathmandu')).toBe(5.75 * 3_600_000);
    expect(offsetOf(NOW + 999, 'America/St_Johns')).toBe(-3.5 * 3_600_000);
  });

  it('show what they show at the time that is found for it', () => {
    fc.assert(
      fc.property(times, zones, (shown, zone) => {
        const time = timeOfClock(shown, zone);
        if (time !== null) expect(time + offsetOf(time, zone)).toBe(shown);
      }),
    );
  });
});
