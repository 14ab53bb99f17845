import { beforeEach, describe, expect, it } from 'vitest';
import { boundsWithin } from '../../../src/sessions/hosts/room.ts';
import { Site } from '../../../src/sessions/site.ts';
import { eventAt } from '../../intake/event-under-test.ts';
import { SETTINGS } from '../model/event-arbitrary.ts';

const START = Date.UTC(2026, 0, 5, 8);
const SECOND = 1_000;
const user = (id: string) => ({ user: { directory: 'LAB', id } });

it('a site takes no more than there is memory for', () => {
  expect(boundsWithin(1_200_000_000)).toMatchObject({ mostOpen: 1_000_000, mostKeys: 1_000_000 });
  expect(boundsWithin(1e12)).toMatchObject({ mostOpen: 4_000_000, mostKeys: 4_000_000 });
});

describe('a site that knows as many hosts as it may', () => {
  let site: Site;
  let seq: number;
  let now: number;
  beforeEach(() => {
    site = new Site(SETTINGS, { mostOpen: 9_999, mostKeys: 9_999, mostHosts: 16, mostParts: 99 });
    site.started(START);
    seq = 0;
    now = START;
  });

  function says(...[kind, host, id]: readonly ['session_start' | 'session_stop', string, string]) {
    const event = eventAt(kind, now, { host, ...user(id) });
    expect(site.isFullFor(event)).toBe(false);
    seq += 1;
    return site.apply(event, seq);
  }

  /** Names that somebody makes up, each with a session of its own. */
  function ghosts(count: number): void {
    for (let n = 0; n < count; n += 1) {
      now += 1;
      says('session_start', `ghost${seq}`, 'ghost');
    }
  }

  it('serves a new node at once, and keeps it while made-up names go on coming', () => {
    ghosts(1_000);
    const first = says('session_start', 'node', 'anna');
    says('session_start', 'node', 'bert');
    ghosts(1_000);
    const { host } = first;
    expect([host.openSessions, host.openUsers]).toEqual([2, 2]);
    expect(site.identities.hosts.get('node')).toBe(host);
    expect(says('session_stop', 'node', 'anna').session).toBe(first.session);
    expect(site.identities.hosts.size).toBeLessThanOrEqual(16);
  });

  it('ends what was open on hosts that made room, with their last sign of life, and counts none of it', () => {
    const { session } = says('session_start', 'ghost', 'anna');
    ghosts(16);
    expect(session).toMatchObject({ endReason: 'made_room', endExact: false, endedAt: START });
    expect(site.counts.sessions).toBe(site.identities.hosts.size);
    const { created, destroyed } = site.series.totals;
    expect(created - destroyed).toBe(site.counts.sessions);
    // Nothing is remembered: it is as if the name came for the first time.
    expect(says('session_stop', 'ghost', 'anna').outcome).toBe('orphan_stop');
  });

  it('forgets of hosts that are known as well the one that was silent for longest', () => {
    for (let n = 0; n < 16; n += 1) {
      now += SECOND;
      says('session_start', `node${n}`, 'anna');
    }
    now += SECOND;
    says('session_stop', 'node0', 'nobody');
    ghosts(1);
    const known = [...site.identities.hosts.keys()];
    expect(known).toContain('node0');
    expect(known).not.toContain('node1');
  });

  it('does not forget one that is polled', () => {
    site.polledProxies.of('ghost0', '/');
    ghosts(100);
    expect(site.identities.hosts.has('ghost0')).toBe(true);
  });

  it('writes of a host on which nothing is open that once, and then nothing', () => {
    const { host } = says('session_start', 'node', 'anna');
    const written = () => {
      now += SECOND;
      site.tick(now);
      return site.series
        .takePending()
        .filter(({ dimension }) => dimension === host.dimension)
        .map(({ level }) => level?.active);
    };
    expect(written()).toEqual([1]);
    says('session_stop', 'node', 'anna');
    expect(written()).toEqual([0]);
    for (let seconds = 0; seconds < 130; seconds += 1) expect(written()).toEqual([]);
    says('session_start', 'node', 'anna');
    expect(written()).toEqual([1]);
  });
});
