import { describe, expect, it } from 'vitest';
import type { SimulatedEvent } from '../../src/simulator/line.ts';
import { differences, Figures } from './figures.ts';
import type { Said } from './observed-site.ts';
import { Stays } from './stays.ts';

const NOBODY = { sessions: 0, users: 0, connections: 0 };
const ONE = { sessions: 1, users: 1, connections: 0 };

function saying(counts: Said['counts'], quality: string, high: number | null = null): Said {
  const range = { low: 0, high };
  return { counts, quality, reasons: [], bounds: { sessions: range, users: range } };
}

describe('the figures', () => {
  it('count a second that is said to be exact and is wrong, and those apart in which nobody could know', () => {
    const figures = new Figures();
    figures.second(0, saying(ONE, 'exact'), ONE, true);
    figures.second(1_000, saying(ONE, 'exact'), NOBODY, true);
    figures.second(2_000, saying(ONE, 'exact'), NOBODY, false);
    figures.second(3_000, saying(ONE, 'estimated'), NOBODY, true);
    expect(figures).toMatchObject({ exactAndWrong: { of: 3, so: 2 }, unknowable: 1, worst: 1 });
  });

  it('hold the truth against bounds that have an upper end, and against no others', () => {
    const figures = new Figures();
    figures.second(0, saying(NOBODY, 'estimated', 1), ONE, true);
    figures.second(1_000, saying(NOBODY, 'estimated', 0), ONE, true);
    figures.second(2_000, saying(NOBODY, 'estimated'), ONE, true);
    figures.second(2_500, saying(NOBODY, 'estimated', 0), ONE, false);
    figures.second(3_000, { counts: NOBODY, quality: 'estimated', reasons: [] }, ONE, true);
    expect(figures).toMatchObject({ bounded: { of: 5, so: 3 }, within: { of: 2, so: 1 }, widths: 1 });
    expect(figures.unknowableBounds).toBe(1);
  });

  it('take no count for equal that differs in connections alone', () => {
    const figures = new Figures();
    figures.minute(0, saying(ONE, 'exact'), { ...ONE, connections: 1 });
    expect(figures).toMatchObject({ equal: { of: 1, so: 0 }, equalSessions: { of: 1, so: 1 }, minutes: 1 });
    expect(figures.minutesOf).toEqual(new Map([['exact', 1]]));
  });
});

describe('a difference', () => {
  const stays = new Stays();
  const event = (kind: SimulatedEvent['kind'], sessionKey: string, id: string, at: number) => {
    const place = { host: 'node1', virtualProxy: sessionKey === 'c' ? '/sales' : '/' };
    const rest = { connection: null, appId: null, origin: null, context: null, userAgent: null };
    stays.apply({ kind, at, sessionKey, ...place, user: { directory: 'LAB', id }, ...rest, abandons: false });
  };
  event('session_start', 'a', 'anna', 10);
  event('session_start', 'b', 'bert', 20);
  stays.answered('node1', '/');
  event('session_stop', 'b', 'bert', 40);
  event('session_start', 'c', 'Bert', 50);
  stays.answered('node1', '/sales');

  it('is whatever was true at no moment since then', () => {
    const [anna, bert] = ['node1 lab\\anna', 'node1 lab\\bert'];
    const tracked = (of: number, of2: number) =>
      new Map([
        [anna, of],
        [bert, of2],
      ]);
    const since = (at: number) => stays.since(() => at);
    expect(differences(tracked(1, 1), since(60))).toEqual([]);
    expect(differences(tracked(1, 0), since(60))).toEqual([`${bert}: 0 for 1 to 1`]);
    expect(differences(tracked(0, 2), since(30))).toEqual([`${anna}: 0 for 1 to 1`]);
    expect(differences(tracked(0, 2), since(5))).toEqual([]);
    const carl = 'node1 lab\\carl';
    expect(differences(new Map([[carl, 1]]), new Map())).toEqual([`${carl}: 1 for 0 to 0`]);
  });

  it('is looked for since another moment at each virtual proxy', () => {
    const since = stays.since((_host, virtualProxy) => (virtualProxy === '/' ? 45 : 30));
    expect(since.get('node1 lab\\bert')).toEqual({ least: 0, most: 1 });
  });

  it('is looked for everywhere where no answer has said yet on which virtual proxy somebody is', () => {
    const unplaced = new Stays();
    const dora = { directory: 'LAB', id: 'dora' };
    const rest = {
      connection: null,
      appId: null,
      origin: null,
      context: null,
      userAgent: null,
      abandons: false,
    };
    const at = { host: 'node1', virtualProxy: '/', sessionKey: 'd', user: dora, ...rest };
    unplaced.apply({ ...at, kind: 'session_start', at: 10 });
    unplaced.answered('node1', '/sales');
    unplaced.apply({ ...at, kind: 'session_stop', at: 20 });
    const asked: (string | null)[] = [];
    unplaced.since((_host, virtualProxy) => asked.push(virtualProxy));
    expect(asked).toEqual([null]);
  });

  it('does not outlive a crash', () => {
    stays.crash('node1', 70);
    expect(stays.since(() => 80)).toEqual(new Map());
    stays.forgetBefore(80);
    expect(stays.since(() => 0)).toEqual(new Map());
  });
});
