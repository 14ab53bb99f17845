import { beforeEach, describe, expect, it } from 'vitest';
import { Site } from '../../../src/sessions/site.ts';
import { restoreState, type SiteState, stateOf } from '../../../src/sessions/site-state.ts';
import { eventAt } from '../../intake/event-under-test.ts';
import { SETTINGS } from '../model/event-arbitrary.ts';

const START = Date.UTC(2026, 0, 5, 8);

describe('session keys of a host that are ignored because of lines that somebody made up', () => {
  let site: Site;
  let seq: number;
  let told: string[];
  beforeEach(() => {
    site = new Site(SETTINGS);
    seq = 0;
    told = [];
    visit('anna', 'real', 'real');
    for (let n = 0; n < 20; n += 1) visit(`forged${n}`, `one${n}`, `other${n}`);
    expect(site.identities.host('node1').keysIgnored).toBe(true);
    site.tracker.onKeysBelieved = (host) => told.push(host);
  });

  const says = (kind: 'session_start' | 'session_stop', id: string, sessionKey: string) => {
    seq += 1;
    return site.apply(
      eventAt(kind, START + seq * 1_000, { user: { directory: 'LAB', id }, sessionKey }),
      seq,
    );
  };
  function visit(id: string, startKey: string, stopKey: string): void {
    says('session_start', id, startKey);
    says('session_stop', id, stopKey);
  }

  it('count again, which is said, when twenty Stops had the key of their Start', () => {
    for (let n = 0; n < 19; n += 1) visit('anna', `key${n}`, `key${n}`);
    expect([site.identities.host('node1').keysIgnored, told]).toEqual([true, []]);
    visit('bert', 'key', 'key');
    expect([site.identities.host('node1').keysIgnored, told]).toEqual([false, ['node1']]);
    expect(says('session_start', 'carl', 'again').session?.sessionKey).toBe('again');
  });

  it('do so after a restart in the middle', () => {
    for (let n = 0; n < 19; n += 1) visit('anna', `key${n}`, `key${n}`);
    says('session_start', 'anna', 'last');
    const state = JSON.parse(JSON.stringify(stateOf(site))) as SiteState;
    site = new Site(SETTINGS);
    restoreState(site, state);
    says('session_stop', 'anna', 'last');
    expect(site.identities.host('node1').keysIgnored).toBe(false);
  });

  it('stay ignored where they are not constant', () => {
    for (let n = 0; n < 200; n += 1) visit(`user${n % 40}`, `key${n}`, n % 2 === 0 ? `key${n}` : 'other');
    expect(site.identities.host('node1').keysIgnored).toBe(true);
  });

  it('are looked at of a few users alone, whoever comes, and the state stays small', () => {
    for (let n = 0; n < 5_000; n += 1) says('session_start', `stays${n}`, `key${n}`);
    expect(JSON.stringify(stateOf(site).hosts).length).toBeLessThan(5_000);
  });
});
