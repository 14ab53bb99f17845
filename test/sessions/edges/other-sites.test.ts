import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Kind, UserEvent } from '../../../src/contract/event.ts';
import type { ReportedQuality } from '../../../src/contract/sites/forwarding.ts';
import type { Site } from '../../../src/sessions/site.ts';
import { SETTINGS } from '../model/event-arbitrary.ts';
import { EdgeAndCentre } from './edge-and-centre.ts';

const DAY = 24 * 3_600_000;

/** Numbers are proven by two in a row. */
function begun(): EdgeAndCentre {
  const both = new EdgeAndCentre();
  both.line('session_start', 'anna');
  both.line('session_start', 'bert');
  both.tick();
  both.arrive();
  both.says();
  both.centre.tick(both.now);
  return both;
}

function openOf(site: Site): string[] {
  const open = [...site.identities.openSessions()];
  return open.map(({ key, startedAt }) => `${key.user?.id} ${startedAt}`).sort();
}

const kind = fc.constantFrom<Kind>('session_start', 'session_stop', 'connection_open', 'connection_close');
const user = fc.constantFrom('anna', 'bert', 'carl');
const line = fc.record({ kind, user, isLost: fc.boolean() });

describe('the counts of another site', () => {
  it('are as right as its edge says they are, whatever it has lost', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), fc.boolean(), (lines, isDown) => {
        const both = begun();
        for (const { kind: each, user: id, isLost } of lines) both.line(each, id, {}, isLost);
        if (isDown) both.edge.tracker.restarted(both.now, both.now + 60_000);
        both.now += 60_000;
        both.tick();
        both.arrive();
        both.says();
        both.centre.tick(both.now);
        const look = both.edge.quality.look(both.now);
        const node = both.edge.identities.host('node1');
        const { host, all } = both.qualities();
        expect(host).toEqual(look.of(node));
        expect(all).toEqual(look.all);
      }),
    );
  });

  it('are exact where nothing was lost, although the central Headcount did not run for a while', () => {
    const both = begun();
    both.pass(3_600_000);
    both.centre.tracker.restarted(both.now - 3_600_000, both.now);
    both.line('session_start', 'carl');
    both.arrive();
    both.says();
    both.centre.tick(both.now);
    expect(both.qualities().all).toMatchObject({ quality: 'exact', reasons: [] });
    // Both have ended those of an hour ago.
    expect(openOf(both.centre)).toEqual(openOf(both.edge));
    expect(openOf(both.centre)).toHaveLength(1);
  });

  it('are between bounds that hold while events do not get here', () => {
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 30 }), fc.nat({ max: 30 }), (lines, come) => {
        const both = begun();
        for (const { kind: each, user: id } of lines) both.line(each, id);
        both.arrive(come);
        both.pass(20_000);
        both.saysWithoutSending();
        both.centre.tick(both.now);
        const { all } = both.qualities();
        expect(all.reasons).toEqual(['lagging']);
        const { sessions, users } = both.edge.counts;
        expect(all.bounds.sessions.low).toBeLessThanOrEqual(sessions);
        expect(all.bounds.sessions.high).toBeGreaterThanOrEqual(sessions);
        expect(all.bounds.users.low).toBeLessThanOrEqual(users);
        expect(all.bounds.users.high).toBeGreaterThanOrEqual(users);
      }),
    );
  });

  it('are anybody’s guess while nothing is heard of it, and of no other site', () => {
    const both = begun();
    both.centre.apply({ ...event(both), host: 'own' }, 1_000);
    ticks(both.centre, both.now, 16_000);
    const { host, all } = both.qualities();
    expect(host).toMatchObject({
      quality: 'estimated',
      reasons: ['site_silent'],
      bounds: { sessions: { low: 0, high: null } },
    });
    expect(all.reasons).toContain('site_silent');
    const own = both.centre.quality.ofHost(both.centre.identities.host('own'), both.now);
    expect(own.reasons).not.toContain('site_silent');
    both.says();
    both.centre.tick(both.now);
    expect(both.qualities().host).toMatchObject({ quality: 'exact', reasons: [] });
  });

  it('do without a site that is silent for a week, also where the program began anew meanwhile', () => {
    const both = begun();
    ticks(both.centre, both.now, 16_000);
    const [state] = both.centre.otherSites.state;
    if (state === undefined) throw new Error('no site');
    expect(state.silentMs).toBeGreaterThan(0);
    const later = new EdgeAndCentre();
    later.centre.otherSites.restore([{ ...state, silentMs: 7 * DAY - 60_000 }]);
    ticks(later.centre, later.now, 16_000);
    expect(later.qualities().all.reasons).toEqual(['site_silent']);
    ticks(later.centre, later.now, 80_000);
    expect(later.qualities().all.reasons).toEqual([]);
    later.says();
    later.centre.tick(later.now + 81_000);
    expect(later.centre.otherSites.state).toMatchObject([{ silentMs: 0 }]);
  });

  it('are those of the one of two edges that knows best', () => {
    const both = begun();
    const worse: ReportedQuality = {
      ...{ quality: 'estimated', reasons: ['downtime'], hidden: null, doubtfulSessions: 2, doubtfulUsers: 2 },
    };
    const report = { at: both.now, head: 1, all: worse, hosts: [], downtimes: [] };
    const alive = { site: 'berlin', report, done: 1, caughtUpTo: both.now, sent: [] };
    both.centre.otherSites.heard('e2', alive, [0]);
    both.centre.tick(both.now);
    expect(both.qualities().all.quality).toBe('exact');
    // The better one is heard of no more.
    ticks(both.centre, both.now, 16_000);
    both.centre.otherSites.heard('e2', alive, [0]);
    both.centre.tick(both.now);
    expect(both.qualities().all.reasons).toEqual(['downtime']);
  });
});

it('sites have a bound, whatever somebody makes up, and one that has hosts stays', () => {
  const both = begun();
  const { edgeSites } = both.centre.identities;
  for (let n = 0; n < 3_000; n += 1) both.centre.otherSites.know(`edge-${n}`, `made-up-${n}`);
  expect(edgeSites.size).toBeLessThanOrEqual(1_001);
  expect(edgeSites.of('berlin/node1')?.name).toBe('berlin');
  for (let n = 0; n < 3_000; n += 1) both.centre.otherSites.know('one', `another-${n}`);
  expect(edgeSites.size).toBeLessThanOrEqual(1_001);
});

describe('sessions of another site', () => {
  it('are those that the edge has, once everything has come, whatever the clock here does and however late it comes', () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: line },
      {
        weight: 3,
        arbitrary: fc.record({ pass: fc.constantFrom(5_000, 60_000, 1_000_000, SETTINGS.timeoutMs) }),
      },
      { weight: 3, arbitrary: fc.record({ arrive: fc.nat({ max: 5 }) }) },
      { weight: 2, arbitrary: fc.record({ clock: fc.constantFrom(-DAY, -60_000, 0, 60_000, 400 * DAY) }) },
      { weight: 1, arbitrary: fc.record({ downMs: fc.constantFrom(60_000, 3_600_000) }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const both = begun();
        let error = 0;
        for (const each of steps) {
          if ('kind' in each) both.line(each.kind, each.user);
          else if ('pass' in each) {
            both.pass(each.pass);
            // This does not wait until events get through.
            both.saysWithoutSending();
          } else if ('clock' in each) error = each.clock;
          else if ('arrive' in each) {
            both.arrive(each.arrive);
            both.says();
          } else {
            both.edge.tracker.restarted(both.now, both.now + each.downMs);
            both.now += each.downMs;
          }
          both.centre.tick(both.now + error);
        }
        both.arrive();
        both.tick();
        both.says();
        both.centre.tick(both.now + error);
        expect(openOf(both.centre)).toEqual(openOf(both.edge));
      }),
    );
  });

  it('do not time out while nothing is heard of it, until a session can last no longer', () => {
    const both = begun();
    ticks(both.centre, both.now, 12 * 3_600_000);
    expect(openOf(both.centre)).toHaveLength(2);
    ticks(both.centre, both.now + 12 * 3_600_000, DAY);
    expect(openOf(both.centre)).toEqual([]);
  });

  it('are put back with the clock of their site, when the program begins again', () => {
    const both = begun();
    const [position] = [{ edge: 'e1', site: 'berlin', partition: 0, seq: 2, stream: 's', streamSeq: 1 }];
    const host = both.centre.identities.host('paris/node1');
    both.centre.apply({ ...event(both), host: 'paris/node1' }, 9);
    expect(host.edgeSite).toBeNull();
    both.centre.otherSites.begin([position, { ...position, edge: 'e9', site: 'paris' }]);
    expect(host.edgeSite?.name).toBe('paris');
    ticks(both.centre, both.now, 2 * 3_600_000);
    expect(openOf(both.centre)).toHaveLength(3);
  });
});

/** Time passes there. */
function ticks(site: Site, from: number, ms: number): void {
  for (let now = from; now <= from + ms; now += 8_000) site.tick(now);
}

function event(both: EdgeAndCentre): UserEvent {
  return {
    ...{ kind: 'session_start', at: both.now, originalAt: null, timed: true, receivedAt: both.now },
    ...{ user: { directory: 'LAB', id: 'dora' }, origin: null, context: null, appId: null, host: '' },
    ...{ virtualProxy: null, sessionKey: null, rowNumber: null, result: 0, userAgent: null },
    ...{ message: null, reason: null, eventId: null },
  };
}
