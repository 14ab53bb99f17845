import { expect, it } from 'vitest';
import { Site } from '../../src/sessions/site.ts';
import { eventAt } from '../intake/event-under-test.ts';
import { SETTINGS } from './model/event-arbitrary.ts';

const START = 1_780_000_000_000;
const MINUTE = 60_000;

it('what a Stop ended or did not find is remembered for two minutes, also of a user who is on all day', () => {
  const site = new Site(SETTINGS);
  let seq = 0;
  const apply = (kind: Parameters<typeof eventAt>[0], at: number, sessionKey: string, appId = 'app') =>
    site.apply(eventAt(kind, at, { sessionKey, appId, timed: true }), ++seq);
  apply('session_start', START, 'all day');
  const remembered = () => {
    const [key] = site.identities.hosts.values().next().value?.keys.values() ?? [];
    return [key?.closedByStop, key?.orphanStops, key?.orphanCloses].map((list) => list?.length ?? 0);
  };
  for (let n = 0; n < 20; n += 1) {
    const at = START + n * MINUTE;
    apply('connection_open', at, 'all day');
    apply('session_start', at, `${n}`);
    apply('connection_open', at, `${n}`);
    apply('session_stop', at, `${n}`);
    apply('session_stop', at, `nobody's ${n}`);
    apply('connection_close', at, `nobody's ${n}`, 'closed app');
  }
  expect(remembered()).toEqual([3, 3, 3]);
});
