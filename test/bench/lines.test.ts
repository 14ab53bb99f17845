import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { LINE_BYTES } from '../../bench/lines.ts';
import { median, percentile } from '../../bench/statistics.ts';
import { createStream, type StreamPlan } from '../../bench/streams.ts';
import { parseLine } from '../../src/formats/index.ts';

const ARRIVAL = { receivedAt: 1_761_431_710_073, sender: { address: '192.0.2.7', port: 50_123 } };

function events(plan: StreamPlan, count: number) {
  const writeNext = createStream(plan);
  return Array.from({ length: count }, () => {
    const datagram = Buffer.alloc(LINE_BYTES);
    writeNext(datagram);
    const line = parseLine(datagram.toString(), ARRIVAL);
    if (typeof line === 'string') throw new Error(`${line}: ${datagram}`);
    return { kind: line.kind, user: line.user?.id, appId: line.appId, message: line.message };
  });
}

describe('the lines of the benchmark', () => {
  it('are events of the layout of Butler SOS whose message says nothing more', () => {
    const lines = events({ type: 'life', users: 20, from: 0 }, 80);
    expect(new Set(lines.map(({ kind }) => kind)).size).toBe(4);
    expect(lines.every(({ message }) => message === null)).toBe(true);
  });

  it('take each user through start, open, close, stop, also from the middle of the stream', () => {
    const whole = events({ type: 'life', users: 8, from: 0 }, 80);
    const mine = whole.filter(({ user }) => user === 'user0000004').map(({ kind }) => kind);
    expect(mine.slice(0, 4)).toEqual([
      'session_start',
      'connection_open',
      'connection_close',
      'session_stop',
    ]);
    expect(events({ type: 'life', users: 8, from: 30 }, 50)).toEqual(whole.slice(30));
  });

  it('close only connections that are open, of the same app', () => {
    const open = new Map<string, number>();
    for (const { kind, user, appId } of events({ type: 'connections', users: 300, from: 0 }, 5_000)) {
      const key = `${user} ${appId}`;
      open.set(key, (open.get(key) ?? 0) + (kind === 'connection_open' ? 1 : -1));
      expect(open.get(key)).toBeGreaterThanOrEqual(0);
    }
  });
});

describe('the statistics of the benchmark', () => {
  it('give the nearest rank, and the middle of two', () => {
    const values = Array.from({ length: 200 }, (_, n) => 200 - n);
    expect([percentile(values, 0.5), percentile(values, 0.99), percentile(values, 1)]).toEqual([
      100, 198, 200,
    ]);
    expect([median([3, 1, 2]), median([4, 1, 3, 2])]).toEqual([2, 2.5]);
  });
});
