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

it('a user who came back is forgotten by the time of that, whoever else turns idle with the same look at all of them', () => {
  const site = new Site(SETTINGS);
  const [anna, bert] = ['anna', 'bert'].map((id) => ({ user: { directory: 'LAB', id } }));
  site.apply(eventAt('session_rejected', START, anna), 1);
  site.apply(eventAt('session_start', START, bert), 2);
  site.apply(eventAt('session_rejected', START + MINUTE, anna), 3);
  // The machine sleeps meanwhile.
  site.tick(START + MINUTE + SETTINGS.timeoutMs + SETTINGS.graceMs + 1);
  const knows = (id: string) => site.identities.knows('node1', { directory: 'LAB', id });
  expect([site.counts.sessions, knows('anna'), knows('bert')]).toEqual([0, false, true]);
});
