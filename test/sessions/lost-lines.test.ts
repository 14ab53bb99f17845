import { describe, expect, it } from 'vitest';
import type { Sender } from '../../src/contract/event.ts';
import { LostLines, type LostLinesState } from '../../src/sessions/lost-lines/lost-lines.ts';
import { EPOCH } from './model/event-arbitrary.ts';
import { line, NODE, NODE_AGAIN, RELAY, RELAY_AGAIN } from './numbered-lines.ts';

const SECOND = 1_000;
const LATER = EPOCH + 3_600 * SECOND;

/** Takes numbers of `node1`, one a second, and answers what is missing an hour later. */
function missing(numbers: readonly number[], sender: Sender = NODE): number | null {
  const rows = new LostLines();
  for (const [second, row] of numbers.entries()) rows.note(line(row, second), sender);
  rows.tick(LATER);
  return rows.missingOf('node1');
}

/** With what it tells of lines that it counts as lost: host, how many, when. */
function lostLines(): [LostLines, [string, number, number][]] {
  const rows = new LostLines();
  const lost: [string, number, number][] = [];
  rows.onLost = (host, lines, now) => lost.push([host, lines, now]);
  return [rows, lost];
}

describe('row numbers', () => {
  it('that follow one another miss nothing', () => {
    expect(missing([7, 8, 9, 10])).toBe(0);
  });

  it('count the lines between them that never came', () => {
    expect(missing([7, 8, 12, 13, 15])).toBe(4);
  });

  it('say nothing of a host whose lines carry none', () => {
    const rows = new LostLines();
    rows.note(line(null, 0), NODE);
    rows.tick(LATER);
    expect(rows.missingOf('node1')).toBeNull();
    expect(rows.missing).toBe(0);
  });

  it('are those of one host each', () => {
    const [rows, lost] = lostLines();
    for (const row of [1, 2, 5]) rows.note(line(row, row), NODE);
    for (const row of [1, 2, 3]) rows.note(line(row, row, { host: 'node2' }), NODE_AGAIN);
    rows.tick(LATER);
    expect([rows.missingOf('node1'), rows.missingOf('node2'), rows.missing]).toEqual([2, 0, 2]);
    expect(lost).toEqual([['node1', 2, LATER]]);
  });

  it('of the proxy and of the repository of a host are two counters', () => {
    const rows = new LostLines();
    for (let n = 0; n < 5; n += 1) {
      rows.note(line(100 + n, n), RELAY);
      rows.note(line(9 + n, n, { kind: 'session_rejected' }), RELAY);
    }
    rows.tick(LATER);
    expect(rows.missingOf('node1')).toBe(0);
  });

  it('of two nodes with one name, each with a socket of its own, are two counters', () => {
    const rows = new LostLines();
    for (let n = 0; n < 5; n += 1) {
      rows.note(line(100 + n, n), NODE);
      rows.note(line(5_000 + n, n), { address: '192.0.2.2', port: NODE.port });
    }
    rows.tick(LATER);
    expect(rows.missingOf('node1')).toBe(0);
  });
});

describe('a gap', () => {
  it('is counted when it is still open after five seconds', () => {
    const [rows, lost] = lostLines();
    for (const row of [1, 2, 4]) rows.note(line(row, row), NODE);
    rows.tick(EPOCH + 8_999);
    expect([rows.missingOf('node1'), rows.waitedFor('node1', EPOCH), lost]).toEqual([0, 1, []]);
    rows.tick(EPOCH + 9_000);
    expect([rows.missingOf('node1'), lost]).toEqual([1, [['node1', 1, EPOCH + 9_000]]]);
    rows.tick(EPOCH + 10_000);
    expect([rows.missingOf('node1'), rows.waitedFor('node1', EPOCH), lost.length]).toEqual([1, 0, 1]);
  });

  it('that a late line fills in time was none', () => {
    const [rows, lost] = lostLines();
    for (const row of [1, 2, 5]) rows.note(line(row, row), NODE);
    rows.note(line(4, 4), NODE);
    rows.note(line(3, 3), NODE);
    rows.tick(LATER);
    expect([rows.missing, lost]).toEqual([0, []]);
  });

  it('takes back what comes after it was counted, once', () => {
    const rows = new LostLines();
    for (const row of [1, 2, 6]) rows.note(line(row, row), NODE);
    rows.tick(LATER);
    rows.note(line(4, 4, { receivedAt: LATER }), NODE);
    rows.note(line(4, 4, { receivedAt: LATER }), NODE);
    expect([rows.missingOf('node1'), rows.missing]).toEqual([2, 2]);
  });

  it('is counted in spite of a clock that was set back meanwhile', () => {
    const rows = new LostLines();
    for (const row of [1, 2, 4]) rows.note(line(row, row), NODE);
    rows.tick(EPOCH - 3_600 * SECOND);
    expect(rows.missing).toBe(1);
  });

  it('of a weekend costs no more than one', () => {
    const rows = new LostLines();
    for (const row of [1, 2]) rows.note(line(row, row), NODE);
    rows.note(line(2_000_000_000, 60 * 3_600), NODE);
    rows.tick(EPOCH + 60 * LATER);
    expect(rows.missing).toBe(1_999_999_997);
  });

  it('that no appender can have written in so short a time is none, and the counter goes on', () => {
    const rows = new LostLines();
    for (const row of [1, 2]) rows.note(line(row, row), NODE);
    for (let n = 0; n < 36; n += 1) rows.note(line(2_000_000_000 - n * 50_000_000, 3 + n / 10), NODE);
    for (const row of [3, 4, 6]) rows.note(line(row, 10 + row), NODE);
    rows.tick(LATER);
    expect([rows.missingOf('node1'), rows.missing]).toEqual([1, 1]);
  });

  it('before the first number is no loss of ours, but for lines that were only overtaken', () => {
    const rows = new LostLines();
    rows.note(line(10, 10), NODE);
    rows.note(line(8, 8, { receivedAt: EPOCH + 11 * SECOND }), NODE);
    rows.note(line(11, 11), NODE);
    rows.tick(LATER);
    expect(rows.missing).toBe(1);
    rows.note(line(1, 1, { receivedAt: LATER }), NODE);
    rows.note(line(12, 12, { receivedAt: LATER }), NODE);
    rows.tick(2 * LATER);
    expect(rows.missing).toBe(1);
  });

  it('is not opened by a line that comes again', () => {
    const rows = new LostLines();
    for (const row of [1, 2, 2, 3, 1, 3, 4]) rows.note(line(row, row), NODE);
    rows.tick(LATER);
    expect(rows.missing).toBe(0);
  });

  it.each<[string, [row: number, second: number][]]>([
    [
      'in another order than it took their times',
      [
        [5, 4.9],
        [6, 4.901],
        [7, 7],
      ],
    ],
    [
      'so, and which came in yet another order',
      [
        [6, 4.9],
        [5, 4.901],
        [7, 7],
      ],
    ],
    [
      'so, of which one comes twice',
      [
        [5, 4.901],
        [6, 4.9],
        [5, 4.901],
        [7, 7],
      ],
    ],
  ])('is not opened by lines that Sense wrote %s', (_how, lines) => {
    const rows = new LostLines();
    for (const row of [1, 2, 3, 4]) rows.note(line(row, row), NODE);
    for (const [row, second] of lines) rows.note(line(row, second), NODE);
    rows.tick(LATER);
    expect(rows.missing).toBe(0);
  });

  it('is not opened by a stray number, with a time that is none of its place', () => {
    const rows = new LostLines();
    for (let row = 1; row <= 500; row += 1) rows.note(line(row, row / 10), NODE);
    rows.note(line(300, 60), NODE);
    for (const row of [501, 502, 504]) rows.note(line(row, row / 10 + 10), NODE);
    rows.tick(LATER);
    expect(rows.missing).toBe(1);
  });
});

describe('a counter that begins again', () => {
  it.each([
    ['on another socket', NODE, NODE_AGAIN],
    ['on the same socket', NODE, NODE],
    ['behind a relay', RELAY, RELAY],
    ['behind a relay that connects anew', RELAY, RELAY_AGAIN],
  ])('%s misses nothing, and what was missing before stays counted', (_where, before, after) => {
    const rows = new LostLines();
    for (const row of [100, 101, 105]) rows.note(line(row, row), before);
    for (const row of [1, 2, 3]) rows.note(line(row, 200 + row), after);
    rows.tick(LATER);
    expect(rows.missingOf('node1')).toBe(3);
    // It goes past the number at which the old one ended, and loses some there.
    for (let row = 4; row < 102; row += 1) rows.note(line(row, 200 + row), after);
    rows.note(line(108, 400), after);
    rows.tick(LATER);
    expect(rows.missingOf('node1')).toBe(9);
  });

  it('leaves late lines of before to the counter of before', () => {
    const rows = new LostLines();
    for (const row of [1, 2, 3, 5]) rows.note(line(row, row), RELAY);
    for (const row of [1, 2, 7]) rows.note(line(row, 100 + row), RELAY);
    rows.note(line(4, 4, { receivedAt: EPOCH + 108 * SECOND }), RELAY);
    rows.tick(LATER);
    // 3 to 6 of the second.
    expect(rows.missing).toBe(4);
  });

  it('may come in disorder from its first line on', () => {
    const rows = new LostLines();
    for (const row of [1, 2, 3, 4]) rows.note(line(row, row), RELAY);
    for (const row of [2, 1, 3, 5, 4]) rows.note(line(row, 100 + row), RELAY);
    rows.tick(LATER);
    expect(rows.missing).toBe(0);
  });

  it('because it is full misses nothing', () => {
    expect(missing([2_147_483_646, 2_147_483_647, 1, 2])).toBe(0);
  });
});

describe('a counter that seems to begin again', () => {
  const says = (rows: LostLines, numbers: readonly number[], from: number, sender: Sender) =>
    numbers.map((row, place) => rows.note(line(row, from + place), sender));

  it.each([
    ['on another socket', NODE, NODE_AGAIN],
    ['on the same socket', NODE, NODE],
    ['behind a relay that connects anew', RELAY, RELAY_AGAIN],
  ])('%s is told of with its first line, once', (_where, before, after) => {
    const rows = new LostLines();
    expect(says(rows, [100, 101, 102], 0, before)).toEqual([false, false, false]);
    expect(says(rows, [1, 2, 3], 200, after)).toEqual([true, false, false]);
  });

  it('is told of after a restart of Headcount too', () => {
    const rows = new LostLines();
    says(rows, [100, 101], 0, NODE);
    const again = new LostLines();
    again.restore(JSON.parse(JSON.stringify(rows.state)) as LostLinesState);
    expect(says(again, [1, 2], 200, NODE_AGAIN)).toEqual([true, false]);
  });

  it.each([
    ['is full', [2_147_483_646, 2_147_483_647], [1, 2], NODE],
    ['is not known to number its lines one by one', [100, 102], [1, 2], NODE],
    ['is that of another address', [100, 101], [1, 2], { address: '192.0.2.2', port: 50_001 }],
  ])('because it %s is none', (_why, before, after, sender) => {
    const rows = new LostLines();
    says(rows, before, 0, NODE);
    expect(says(rows, after, 200, sender)).toEqual([false, false]);
  });

  it('is none where it is the repository that began again', () => {
    const rows = new LostLines();
    const rejects = (row: number, second: number) =>
      rows.note(line(row, second, { kind: 'session_rejected' }), NODE);
    expect([rejects(100, 0), rejects(101, 1), rejects(1, 200)]).toEqual([false, false, false]);
  });

  it.each([
    ['one relay', RELAY, RELAY],
    ['two sockets', NODE, NODE_AGAIN],
  ])('is a second appender where the first goes on: that is told of, with %s', (_what, one, other) => {
    const rows = new LostLines();
    const wentOn: string[] = [];
    rows.onWentOn = (host) => wentOn.push(host);
    says(rows, [5_000, 5_001], 0, one);
    expect(says(rows, [100], 2, other)).toEqual([true]);
    expect(wentOn).toEqual([]);
    says(rows, [5_002], 3, one);
    says(rows, [101], 4, other);
    says(rows, [5_003], 5, one);
    expect(wentOn).toEqual(['node1']);
  });
});

describe('through a relay', () => {
  it('a node goes on with its numbers when the relay connects anew', () => {
    const rows = new LostLines();
    for (const row of [1, 2, 3]) rows.note(line(row, row), RELAY);
    for (const row of [5, 6]) rows.note(line(row, row), RELAY_AGAIN);
    rows.tick(LATER);
    expect(rows.missingOf('node1')).toBe(1);
  });

  it('two appenders that count apart are told apart while both of them go on', () => {
    const rows = new LostLines();
    for (let n = 0; n < 20; n += 1) {
      rows.note(line(5_000 + n, n), RELAY);
      if (n < 10 || n > 12) rows.note(line(100 + n, n), RELAY);
    }
    rows.tick(LATER);
    expect(rows.missingOf('node1')).toBe(3);
  });
});

describe('numbers that are shared with something else', () => {
  function shared(rows: LostLines, from: number, lines: number): void {
    for (let n = 0; n < lines; n += 1) rows.note(line(from + 2 * n, n), NODE);
  }

  it('are ignored, which is said once, and nothing of them is counted', () => {
    const rows = new LostLines();
    const said: string[] = [];
    rows.onShared = (host) => said.push(host);
    shared(rows, 1, 20);
    rows.tick(LATER);
    expect([said, rows.missingOf('node1')]).toEqual([[], null]);
    shared(rows, 41, 20);
    rows.tick(LATER);
    shared(rows, 1, 100);
    rows.tick(2 * LATER);
    expect(said).toEqual(['node1']);
    expect([rows.missingOf('node1'), rows.missing, rows.isProven('node1')]).toEqual([null, 0, false]);
  });

  it('are not what a stream with losses has: one step to the next number proves it', () => {
    const rows = new LostLines();
    shared(rows, 1, 20);
    rows.note(line(40, 20), NODE);
    rows.tick(LATER);
    expect(rows.missingOf('node1')).toBe(19);
  });
});

describe('lines without a time of their own', () => {
  it('are late where they fill a gap, and begin again where not', () => {
    const rows = new LostLines();
    const untimed = [1, 2, 4, 3, 5, 7, 1, 2, 3, 5];
    for (const [second, row] of untimed.entries()) rows.note(line(row, second, { timed: false }), NODE);
    rows.tick(LATER);
    expect(rows.missing).toBe(2);
  });
});

describe('the number of a line that was refused', () => {
  it('is that of a line that came, whichever service wrote it', () => {
    const rows = new LostLines();
    for (const row of [1, 2, 4])
      rows.note(line(row, row, { kind: row === 2 ? null : 'session_start' }), NODE);
    rows.note(line(3, 3, { kind: null }), NODE);
    rows.note(line(8, 8, { kind: null }), NODE);
    rows.tick(LATER);
    expect(rows.missing).toBe(3);
  });

  it('begins no counter', () => {
    const rows = new LostLines();
    for (const row of [1, 2, 9]) rows.note(line(row, row, { kind: null }), NODE);
    rows.tick(LATER);
    expect([...rows.hosts]).toEqual([]);
  });
});

describe('memory', () => {
  it('is bounded however many ports send, and gaps of counters that are forgotten are counted', () => {
    const rows = new LostLines();
    for (let port = 1; port <= 100; port += 1) {
      for (const row of [1, 2, 4]) rows.note(line(row, port * 10 + row), { address: '192.0.2.1', port });
    }
    expect(rows.state.hosts[0]?.streams).toHaveLength(8);
    rows.tick(LATER);
    expect(rows.missing).toBe(100);
  });

  it('is bounded however many hosts are made up, and what was lost stays in the sum', () => {
    const rows = new LostLines();
    for (let n = 0; n < 2_001; n += 1) {
      for (const row of [1, 2, 4]) rows.note(line(row, n, { host: `made-up-${n}` }), NODE);
    }
    expect([...rows.hosts].length).toBeLessThanOrEqual(2_000);
    rows.tick(2 * LATER);
    expect(rows.missing).toBe(2_001);
  });

  it('is not taken from a host that numbers its lines by names that are made up', () => {
    const rows = new LostLines();
    for (const row of [1, 2]) rows.note(line(row, row), NODE);
    for (let n = 0; n < 5_000; n += 1) rows.note(line(1, 3, { host: `made-up-${n}` }), NODE);
    rows.note(line(4, 4), NODE);
    rows.tick(LATER);
    expect(rows.missingOf('node1')).toBe(1);
  });

  it('of gaps is bounded, and nothing of them is lost', () => {
    const rows = new LostLines();
    rows.note(line(1, 0), NODE);
    for (let row = 2; row <= 20_000; row += 2) rows.note(line(row, 1), NODE);
    expect(rows.state.hosts[0]?.streams[0]?.gaps.length).toBeLessThanOrEqual(4_096);
    rows.tick(LATER);
    expect(rows.missing).toBe(9_999);
    expect(rows.state.hosts[0]?.streams[0]?.gaps.length).toBeLessThanOrEqual(32);
  });
});

it('the state comes back from JSON as it was, and goes on', () => {
  const rows = new LostLines();
  for (const row of [1, 2, 5]) rows.note(line(row, row), NODE);
  const state = JSON.parse(JSON.stringify(rows.state)) as LostLinesState;
  const again = new LostLines();
  again.restore(state);
  expect(JSON.parse(JSON.stringify(again.state))).toEqual(state);
  again.note(line(4, 4), NODE);
  again.tick(LATER);
  expect([again.missingOf('node1'), again.missing]).toEqual([1, 1]);
});
