import { describe, expect, it } from 'vitest';
import { impactText } from '../../src/page/impact/impact-text.ts';
import { choiceOf, fullestHost, partOf, partShown } from '../../src/page/impact/part-of-site.ts';

const NOW = Date.UTC(2026, 4, 19, 10);
const at = (seconds: number) => new Date(NOW + seconds * 1000).toISOString();
const host = (name: string) => ({ host: name, virtualProxy: null });
const proxy = (name: string) => ({ host: null, virtualProxy: name });

describe('what a stop would mean', () => {
  it.each([
    [{ sessions: 0, connectedUsers: 0, lastTimeoutAt: null }, 'Nobody is on: it can be stopped.'],
    [
      { sessions: 3, connectedUsers: 0, lastTimeoutAt: at(1_390) },
      'Nobody has an app open. The last lingering session times out in 23 min 10 s, if nothing more comes of it.',
    ],
    [{ sessions: 3, connectedUsers: 1, lastTimeoutAt: null }, '1 user would lose what they have open.'],
    [
      { sessions: 3, connectedUsers: 2, lastTimeoutAt: at(-1) },
      '2 users would lose what they have open. The last lingering session is timing out now.',
    ],
  ])('of %j is said in a sentence', (impact, text) => {
    expect(impactText(impact, NOW)).toBe(text);
  });
});

describe('what stops', () => {
  it('is the choice, else what the page is filtered to, else the usual host', () => {
    const all = { host: null, virtualProxy: null };
    expect(partShown('proxy:/sales', host('node2'), 'node1')).toEqual(proxy('/sales'));
    expect(partShown(null, { host: 'node2', virtualProxy: '/sales' }, 'node1')).toEqual(host('node2'));
    expect(partShown(null, proxy('/sales'), 'node1')).toEqual(proxy('/sales'));
    expect(partShown(null, all, 'node1')).toEqual(host('node1'));
    expect(partShown(null, all, null)).toBe(null);
  });

  it.each([host('node1'), host('proxy:x'), proxy(''), proxy('/host:1')])('%j can be chosen', (part) => {
    expect(partOf(choiceOf(part))).toEqual(part);
  });

  it('is usually the host with the most sessions', () => {
    const hosts = [
      { host: 'a', sessions: 1 },
      { host: 'b', sessions: 5 },
      { host: 'c', sessions: null },
    ];
    expect([fullestHost(hosts), fullestHost([])]).toEqual(['b', null]);
  });
});
