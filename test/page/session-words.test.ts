import { describe, expect, it } from 'vitest';
import { LOSS_REASONS } from '../../src/contract/quality.ts';
import { END_REASONS } from '../../src/contract/rows.ts';
import { eventText } from '../../src/page/session/event-text.ts';
import { exactnessOf } from '../../src/page/session/exactness.ts';
import { lossText } from '../../src/page/session/losses.ts';
import { zone } from '../../src/page/words/time.ts';
import { connection, event, minute, sessionWith } from './session-under-test.ts';

function guesses(changes: Parameters<typeof sessionWith>[0]): string {
  return exactnessOf(sessionWith(changes))
    .filter(({ isExact }) => !isExact)
    .map(({ text }) => text)
    .join(' ');
}

describe('what is exact of a session', () => {
  it('is all of it where lines said everything', () => {
    expect(guesses({})).toBe('');
  });

  it('is not its start where no line told of it', () => {
    expect(guesses({ startExact: false })).toMatch(/start is not exact/);
  });

  it.each(END_REASONS.filter((reason) => reason !== 'stop'))(
    'is not its end where that was concluded: %s',
    (endReason) => {
      const said = guesses({ endExact: false, endReason });
      expect(said).toMatch(/^Its end is not exact\. \S.*\.$/);
    },
  );

  it('is not which session it was where the user had several', () => {
    expect(guesses({ identityExact: false })).toMatch(/several sessions/);
  });

  it('is not when apps were closed that nobody saw closing', () => {
    const connections = [
      connection('a', minute(1), minute(60), false),
      connection('b', minute(1), minute(2)),
      connection('c', minute(1), null, false),
    ];
    expect(guesses({ connections })).toMatch(/^Nobody saw when 1 app was closed/);
  });

  it('is not that it is open where lines were lost since its last sign of life', () => {
    expect(guesses({ endedAt: null, state: 'doubtful', doubtful: true })).toMatch(/may be over/);
    expect(guesses({ endedAt: null, state: 'lingering' })).toBe('');
  });

  it('says that more happened than is shown', () => {
    expect(exactnessOf(sessionWith({ truncated: true })).at(-1)?.text).toMatch(/there are more/);
  });
});

describe('an event in words', () => {
  const at = minute(1);

  it.each([
    ['session began', event({ kind: 'session_start', at })],
    ['opened Sales', event({ kind: 'connection_open', at, appId: 'a', appName: 'Sales' })],
    ['closed a', event({ kind: 'connection_close', at, appId: 'a' })],
    ['opened unknown app', event({ kind: 'connection_open', at })],
    ['session ended (the proxy restarted)', event({ kind: 'session_stop', at, reason: 'restart' })],
    [
      'opened a, which failed with result 3: no',
      event({ kind: 'connection_open', at, appId: 'a', result: 3, message: 'no' }),
    ],
    ['opened a', event({ kind: 'connection_open', at, appId: 'a', result: 0 })],
    ['exported a sheet: 7 rows', event({ kind: 'note', at, source: 'exported a sheet', message: '7 rows' })],
    [
      'warn log of orders, 2 times: full',
      event({
        kind: 'note',
        at,
        noteType: 'log',
        level: 'Warn',
        source: 'orders',
        count: 2,
        message: 'full',
      }),
    ],
    ['usage of export = 3', event({ kind: 'note', at, noteType: 'usage', source: 'export', value: 3 })],
  ])('is %s', (said, told) => {
    expect(eventText(told)).toBe(said);
  });
});

describe('a loss in words', () => {
  it.each(LOSS_REASONS)('says when it was and why: %s', (reason) => {
    zone.value = 'UTC';
    const said = lossText({ from: minute(0), to: minute(5), reason, lines: 1200 });
    expect(said).toMatch(/ 20 Nov, 10:00:00 to 20 Nov, 10:05:00, 1,200 of them: [a-z].*\.$/i);
  });

  it('does not claim to know when it began, or how much was lost', () => {
    zone.value = 'UTC';
    const said = lossText({ from: null, to: minute(5), reason: 'downtime', lines: null });
    expect(said).toBe('Lines were or may have been lost before 20 Nov, 10:05:00: Headcount did not run.');
  });
});
