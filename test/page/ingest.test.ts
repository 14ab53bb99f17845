import { describe, expect, it } from 'vitest';
import { byCount, clockText, hostLines, pollsOf, tallies } from '../../src/page/ingest/ingest-answer.ts';

const host = (name: string, silentSince: string | null = null) => ({
  ...{ clockOffsetSeconds: null, silentSince },
  ...{ host: name, lastEventAt: null, keysIgnored: false, bothLayouts: false, rowsMissing: null },
});
const live = (name: string, silentSince: string | null) => ({
  ...{ host: name, clockOffsetSeconds: 3, silentSince },
});

describe('what came in', () => {
  it('adds up, whatever the reasons are', () => {
    const [received, ...others] = tallies({
      ...{ since: '', received: 21, accepted: 6, duplicates: 5, heartbeats: 4, excluded: 3, inFlight: 0 },
      ...{
        refused: { empty: 1, oversize: 2 },
        refusalWords: {},
        rowsMissing: 0,
        receivers: [],
        sinks: [],
        hosts: [],
        hostsTotal: 0,
        storms: [],
      },
    });
    expect(received?.count).toBe(21);
    expect(others.reduce((sum, { count }) => sum + count, 0)).toBe(21);
  });

  it('lists reasons with the most frequent first', () => {
    expect(byCount({ empty: 1, oversize: 3 }).map(({ name }) => name)).toEqual(['oversize', 'empty']);
  });

  it('lists the polls of all receivers, and none of those that ask nobody', () => {
    const poll = { host: 'node1', virtualProxy: '/' };
    const receivers = [{ name: 'udp' }, { name: 'qps', polls: [poll] }] as unknown as Parameters<
      typeof pollsOf
    >[0];
    expect(pollsOf(receivers)).toEqual([{ receiver: 'qps', ...poll }]);
  });
});

describe('hosts', () => {
  it('have what the live numbers know of them, silent ones first; one that is not among those is unknown', () => {
    const lines = hostLines(
      [host('a'), host('b'), host('c')],
      [live('a', null), live('b', '2026-05-19T10:00:00Z')],
    );
    expect(lines.map((line) => [line.host, line.clockOffsetSeconds, line.silentSince])).toEqual([
      ['b', 3, '2026-05-19T10:00:00Z'],
      ['a', 3, null],
      ['c', null, null],
    ]);
  });

  it('are silent where ingest says so, if they are too small for the live numbers', () => {
    const since = '2026-05-19T10:00:00Z';
    const lines = hostLines([host('a'), host('small', since)], [live('a', null)]);
    expect(lines.map((line) => [line.host, line.silentSince])).toEqual([
      ['small', since],
      ['a', null],
    ]);
  });

  it.each([
    [null, '–'],
    [0, 'right'],
    [75, '75 s behind'],
    [-2, '2 s ahead'],
  ])('with a clock that is off by %j s are told in words', (seconds, text) => {
    expect(clockText(seconds)).toBe(text);
  });
});
