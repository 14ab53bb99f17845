import { expect, it } from 'vitest';
import { prefixOf } from '../../src/contract/virtual-proxy.ts';
import { Site } from '../../src/sessions/site.ts';
import { eventAt } from '../intake/event-under-test.ts';

const MINUTE_MS = 60_000;
const BEGAN = Date.parse('2026-05-19T12:00:00Z');

/** Minutes after which a session without open connection is over, by the tick that ends it. */
function endOf(virtualProxy: string | null, learntLater: boolean): number {
  const site = new Site({
    ...{ timeoutMs: 30 * MINUTE_MS, graceMs: 5 * MINUTE_MS, maxAgeMs: 1_440 * MINUTE_MS },
    timeoutMsOf: new Map([
      ['sales', 10 * MINUTE_MS],
      ['', 60 * MINUTE_MS],
    ]),
  });
  site.started(BEGAN);
  site.apply(eventAt('session_start', BEGAN, { virtualProxy: learntLater ? null : virtualProxy }), 1);
  site.apply(eventAt('connection_open', BEGAN, { virtualProxy }), 2);
  site.apply(eventAt('connection_close', BEGAN, {}), 3);
  for (let second = 1; second < 7_200; second += 1) {
    site.tick(BEGAN + second * 1000);
    if (site.counts.sessions === 0) return Math.floor(second / 60);
  }
  return Number.POSITIVE_INFINITY;
}

it.each([
  ['/sales', 15],
  ['Sales', 15],
  ['/', 65],
  ['/hdr', 35],
  [null, 35],
])(
  'on the virtual proxy %j a session is over after %i minutes, when that is known later as well',
  (virtualProxy, minutes) => {
    expect(endOf(virtualProxy, false)).toBe(minutes);
    expect(endOf(virtualProxy, true)).toBe(minutes);
  },
);

it.each([
  ['/', ''],
  ['', ''],
  ['/Sales/', 'sales'],
  ['a/b', 'a/b'],
])('the prefix of %j is %j', (virtualProxy, prefix) => {
  expect(prefixOf(virtualProxy)).toBe(prefix);
});
