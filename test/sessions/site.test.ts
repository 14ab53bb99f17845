import { beforeEach, describe, expect, it } from 'vitest';
import { Site } from '../../src/sessions/site.ts';
import { eventAt } from '../intake/event-under-test.ts';
import { SETTINGS } from './model/event-arbitrary.ts';

const START = Date.UTC(2026, 0, 5, 8);
const SECOND = 1_000;
const HOUR = 3_600_000;
const user = (id: string) => ({ user: { directory: 'LAB', id } });

it('a second in which the program did not run from beginning to end has no level', () => {
  const site = new Site(SETTINGS);
  site.started(START + 400);
  for (const now of [START + 400, START + 1_005, START + 2_005, START + 3_005]) site.tick(now);
  const levels = site.series.takePending().map(({ at, level }) => [at * 1_000 - START, level?.active]);
  expect(levels).toEqual([
    [1_000, 0],
    [2_000, 0],
  ]);
});

it('the windows are right again at once where a clock that was ahead by hours is set back', () => {
  const site = new Site(SETTINGS);
  const ahead = [8_192, 8_191, 4_096, 3_600].map((seconds) => START + seconds * SECOND);
  let seq = 0;
  for (const at of ahead.toSorted((a, b) => a - b)) {
    site.tick(at);
    seq += 1;
    site.apply(eventAt('session_rejected', at), seq);
  }
  site.tick(START);
  for (const at of [START - SECOND, START]) {
    seq += 1;
    site.apply(eventAt('session_rejected', at), seq);
  }
  expect(site.series.windows(START).rejected).toEqual({ last5s: 2, last1m: 2, last1h: 2, total: 6 });
});

describe('a picture that is full', () => {
  let site: Site;
  let seq: number;
  beforeEach(() => {
    site = new Site(SETTINGS, { mostOpen: 3, mostKeys: 4, mostHosts: 2, mostParts: 9 });
    seq = 0;
  });
  const takes = (...events: ReturnType<typeof eventAt>[]): void => {
    for (const event of events) {
      expect(site.isFullFor(event)).toBe(false);
      seq += 1;
      site.apply(event, seq);
    }
  };

  it('takes no more sessions or connections than it may have open, until one of them ends', () => {
    takes(
      eventAt('session_start', START),
      eventAt('session_start', START, user('bert')),
      eventAt('connection_open', START),
    );
    const more = [eventAt('session_start', START), eventAt('connection_open', START)];
    expect(more.map((event) => site.isFullFor(event))).toEqual([true, true]);
    takes(eventAt('session_stop', START, user('bert')), eventAt('connection_open', START));
    expect(more.map((event) => site.isFullFor(event))).toEqual([true, true]);
    takes(eventAt('connection_close', START), eventAt('session_rejected', START));
  });

  it('takes lines of any host: another one makes room', () => {
    takes(eventAt('session_start', START), eventAt('session_rejected', START, { host: 'node2' }));
    takes(eventAt('session_rejected', START, { host: 'node3' }));
    takes(eventAt('session_rejected', START, { host: 'node2' }), eventAt('session_stop', START));
    expect(site.identities.hosts.size).toBe(2);
  });

  it('takes lines of no more users than it may know, those that it knows go on', () => {
    const stops = ['anna', 'bert', 'carl', 'dora'].map((id) => eventAt('session_stop', START, user(id)));
    takes(...stops);
    expect(site.isFullFor(eventAt('session_stop', START, user('eve')))).toBe(true);
    expect(site.isFullFor(eventAt('session_stop', START, { host: 'node2' }))).toBe(true);
    takes(eventAt('session_stop', START, user('DORA')), ...stops);
  });
});

describe('what a site remembers', () => {
  const sizes = (site: Site) => [site.identities.hosts.size, site.identities.keyCount];

  it('is forgotten three minutes after the last line of a user, and of the host when nothing that it lost can matter', () => {
    const site = new Site(SETTINGS);
    site.apply(eventAt('session_rejected', START, { host: 'old', ...user('anna') }), 1);
    site.tick(START + 180_000 - 1);
    expect(sizes(site)).toEqual([1, 1]);
    site.tick(START + 180_000);
    expect(sizes(site)).toEqual([1, 0]);
    site.apply(eventAt('session_stop', START + HOUR, { host: 'old', ...user('bert') }), 2);
    site.tick(START + HOUR + 180_000);
    expect(sizes(site)).toEqual([1, 0]);
    const later = SETTINGS.maxAgeMs + SETTINGS.graceMs + HOUR;
    site.tick(START + HOUR + later - 1);
    expect(sizes(site)).toEqual([1, 0]);
    site.tick(START + HOUR + later);
    expect(sizes(site)).toEqual([0, 0]);
    expect(site.identities.knows('old', { directory: 'LAB', id: 'anna' })).toBe(false);
  });

  it('is for a day what ended without a line, since a later one may take that back', () => {
    const site = new Site(SETTINGS);
    site.apply(eventAt('session_start', START), 1);
    const endedAt = START + SETTINGS.timeoutMs + SETTINGS.graceMs + 1;
    site.tick(endedAt);
    expect(site.counts.sessions).toBe(0);
    for (let at = endedAt; at < endedAt + 25 * HOUR; at += HOUR) {
      site.tick(at);
      expect(sizes(site)).toEqual([1, 1]);
    }
    site.tick(endedAt + 25 * HOUR + 180_000);
    expect(sizes(site)[1]).toBe(0);
  });

  it('is all that is open, and for a week what was learnt of the session keys of a host', () => {
    const site = new Site(SETTINGS);
    site.apply(eventAt('session_start', START, { host: 'open' }), 1);
    site.apply(eventAt('connection_open', START, { host: 'open' }), 2);
    for (const [place, kind] of (['session_start', 'session_stop'] as const).entries()) {
      site.apply(eventAt(kind, START, { host: 'learnt', sessionKey: 'one' }), 3 + place);
    }
    site.apply(eventAt('session_start', START, { host: 'odd', sessionKey: 'one' }), 5);
    site.apply(eventAt('session_stop', START, { host: 'odd', sessionKey: 'other' }), 6);
    // The program did not run meanwhile, so nothing has timed out.
    site.tracker.restarted(START, START + 30 * HOUR);
    site.tick(START + 30 * HOUR);
    expect([...site.identities.hosts.keys()]).toEqual(['open', 'learnt']);
    expect(site.identities.keyCount).toBe(1);
    site.apply(eventAt('session_stop', START + 30 * HOUR, { host: 'open' }), 7);
    site.tick(START + 56 * HOUR);
    expect([...site.identities.hosts.keys()]).toEqual(['learnt']);
    site.tick(START + 7 * 24 * HOUR);
    expect(sizes(site)).toEqual([0, 0]);
  });
});

describe('what happens', () => {
  /** What was counted and noted, by what it is about. */
  function told(site: Site): Record<string, unknown> {
    const seconds = site.series.takePending();
    const parts = [...new Set(seconds.map(({ dimension }) => dimension))].sort();
    return Object.fromEntries(
      parts.map((part) => {
        const of = seconds.filter(({ dimension }) => dimension === part);
        const sum = (pick: (second: (typeof of)[number]) => number) =>
          of.reduce((all, each) => all + pick(each), 0);
        const level = of.findLast((each) => each.level !== null)?.level;
        const tally = [
          sum(({ created }) => created),
          sum(({ destroyed }) => destroyed),
          sum(({ rejected }) => rejected),
        ];
        return [
          part,
          [...tally, sum(({ durationMs }) => durationMs), level?.active, level?.users, level?.connections],
        ];
      }),
    );
  }

  it('counts over all, and for the host, the virtual proxy and the app that it happens to', () => {
    const site = new Site(SETTINGS);
    site.started(0);
    const vp = { virtualProxy: 'vp' };
    site.apply(eventAt('session_start', START, vp), 1);
    site.apply(eventAt('connection_open', START, { ...vp, appId: 'one' }), 2);
    site.apply(eventAt('connection_open', START, { ...vp, appId: 'two' }), 3);
    site.apply(eventAt('connection_close', START + 500, { ...vp, appId: 'one' }), 4);
    site.apply(eventAt('session_rejected', START), 5);
    site.tick(START + SECOND);
    expect(told(site)).toEqual({
      all: [1, 0, 1, 0, 1, 1, 1],
      'host:node1': [1, 0, 1, 0, 1, 1, 1],
      'virtualProxy:vp': [1, 0, 0, 0, 1, 1, 1],
      'app:one': [1, 1, 0, 0, undefined, undefined, undefined],
      'app:two': [1, 0, 0, 0, 1, 1, 1],
    });
    site.apply(eventAt('session_stop', START + 3 * SECOND, vp), 6);
    site.tick(START + 4 * SECOND);
    expect(told(site)).toEqual({
      all: [0, 1, 0, 3_000, 0, 0, 0],
      'host:node1': [0, 1, 0, 3_000, 0, 0, 0],
      'virtualProxy:vp': [0, 1, 0, 3_000, 0, 0, 0],
      'app:two': [0, 1, 0, 0, 0, 0, 0],
    });
  });

  it('counts for no more apps and virtual proxies than may have points of their own, and for the whole anyway', () => {
    const site = new Site(SETTINGS, { mostOpen: 99, mostKeys: 99, mostHosts: 99, mostParts: 2 });
    site.started(0);
    for (let n = 0; n < 5; n += 1) {
      const rest = { ...user(`u${n}`), virtualProxy: `vp${n}`, appId: `app${n}` };
      site.apply(eventAt('session_start', START, rest), 2 * n + 1);
      site.apply(eventAt('connection_open', START, rest), 2 * n + 2);
    }
    const rest = { ...user('u4'), virtualProxy: 'vp4', appId: 'app4' };
    site.apply(eventAt('connection_close', START + 1, rest), 11);
    site.tick(START + SECOND);
    const parts = told(site);
    expect(parts['all']).toEqual([5, 0, 0, 0, 5, 5, 4]);
    const apps = Object.keys(parts).filter((part) => part.startsWith('app:'));
    expect(apps).toEqual(['app:app0', 'app:app1']);
    const levels = Object.entries(parts).filter(([, values]) => (values as unknown[])[4] !== undefined);
    expect(levels.map(([part]) => part).toSorted()).toEqual([
      'all',
      'app:app0',
      'app:app1',
      'host:node1',
      'virtualProxy:vp0',
      'virtualProxy:vp1',
    ]);
  });

  it('counts on virtual proxies and apps that were there before as if nobody made up names, and the whole as ever', () => {
    const site = new Site(SETTINGS, { mostOpen: 1e6, mostKeys: 1e6, mostHosts: 99, mostParts: 100 });
    site.started(0);
    let seq = 0;
    const begins = (virtualProxy: string, id: string, at: number) => {
      const rest = { ...user(id), virtualProxy, appId: `app-of-${virtualProxy}` };
      for (const kind of ['session_start', 'connection_open'] as const)
        site.apply(eventAt(kind, at, rest), ++seq);
    };
    for (let n = 0; n < 20; n += 1) begins('sales', `u${n}`, START);
    begins('admin', 'chief', START);
    for (let n = 0; n < 2_000; n += 1) {
      begins(`made-up-${n}`, 'ghost', START + n);
      if (n % 500 === 499) site.tick(START + n + SECOND);
    }
    site.series.takePending();
    begins('sales', 'last', START + 5 * SECOND);
    site.apply(
      eventAt('session_stop', START + 5 * SECOND, { ...user('chief'), virtualProxy: 'admin' }),
      ++seq,
    );
    site.tick(START + 6 * SECOND);
    const parts = told(site);
    expect(parts['virtualProxy:sales']).toMatchObject([1, 0, 0, 0, 21, 21, 21]);
    expect(parts['app:app-of-sales']).toMatchObject([1, 0, 0, 0, 21, 21, 21]);
    expect(parts['virtualProxy:admin']).toMatchObject([0, 1, 0, 5_000, 0, 0, 0]);
    expect(site.counts.virtualProxies.size).toBeLessThanOrEqual(400);
    expect(site.counts).toMatchObject({ sessions: 2_021, users: 22, connections: 2_021 });
  });

  it('counts what is closed of the very last app that may have points of its own', () => {
    const site = new Site(SETTINGS, { mostOpen: 99, mostKeys: 99, mostHosts: 99, mostParts: 2 });
    const opened = ['one', 'two', 'two'].map((appId) => eventAt('connection_open', START, { appId }));
    const closed = eventAt('connection_close', START, { appId: 'two' });
    for (const [place, event] of [...opened, closed].entries()) site.apply(event, place + 1);
    const parts = told(site);
    expect([parts['app:one'], parts['app:two']]).toMatchObject([
      { 0: 1, 1: 0 },
      { 0: 2, 1: 1 },
    ]);
  });

  it('is worth a row of the whole and of a host when only what the truth lies between has changed', () => {
    const site = new Site(SETTINGS);
    site.started(0);
    site.apply(eventAt('session_start', START, { virtualProxy: 'vp' }), 1);
    site.tick(START + SECOND);
    site.series.takePending();
    const news = (second: number) => {
      site.tick(START + second * SECOND);
      return site.series
        .takePending()
        .filter(({ isNews }) => isNews)
        .map(({ dimension, level }) => [dimension, level?.active, level?.bounds?.sessions.low]);
    };
    expect(news(2)).toEqual([]);
    site.losses.touch(site.identities.host('node1'), 'gap', START + 2 * SECOND, 1);
    expect(news(3)).toEqual([
      ['all', 1, 0],
      ['host:node1', 1, 0],
    ]);
    expect(news(4)).toEqual([]);
  });

  it('is chained: each event of a session names the one before it, and the session its first and latest', () => {
    const site = new Site(SETTINGS);
    const previous = [
      eventAt('session_start', START),
      eventAt('connection_open', START),
      eventAt('session_rejected', START),
      eventAt('connection_close', START, { appId: 'another' }),
      eventAt('session_stop', START),
    ].map((event, place) => site.apply(event, 10 + place));
    expect(previous.map(({ previousSeq }) => previousSeq)).toEqual([0, 10, 0, 11, 13]);
    expect(previous[0]?.session).toMatchObject({ firstSeq: 10, lastSeq: 14 });
    expect(previous.map(({ outcome }) => outcome)).toEqual([
      ...['applied', 'applied', 'rejected', 'orphan_close', 'applied'],
    ]);
  });

  it('is a change of the counts, as every second is', () => {
    const site = new Site(SETTINGS);
    const seen = [site.changes];
    site.apply(eventAt('session_start', START), 1);
    seen.push(site.changes);
    site.tick(START + SECOND);
    seen.push(site.changes);
    site.exclude(() => true, START + SECOND);
    seen.push(site.changes);
    expect(new Set(seen).size).toBe(4);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  });
});
