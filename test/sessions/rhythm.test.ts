import { beforeEach, describe, expect, it } from 'vitest';
import { Rhythm } from '../../src/sessions/clocks/rhythm.ts';
import { Site } from '../../src/sessions/site.ts';
import { restoreState, stateOf } from '../../src/sessions/site-state.ts';
import { createRandom } from '../../src/simulator/random.ts';
import { eventAt } from '../intake/event-under-test.ts';
import { SETTINGS } from './model/event-arbitrary.ts';

const START = Date.UTC(2026, 0, 5, 8);
const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 3_600_000;

describe('the rhythm of a host', () => {
  let rhythm: Rhythm;
  let now: number;
  beforeEach(() => {
    rhythm = new Rhythm();
    now = START;
  });
  const hears = (times: number, everyMs: number, open: number): void => {
    for (let n = 0; n < times; n += 1) {
      now += everyMs;
      rhythm.heard(now, open);
    }
  };
  const silentAfter = (ms: number, open = 1, listeningSince = 0) =>
    rhythm.silentSince(now + ms, open, listeningSince);

  it('says nothing before twenty pauses are known', () => {
    hears(20, SECOND, 1);
    expect(silentAfter(HOUR)).toBe(null);
    hears(1, SECOND, 1);
    expect(silentAfter(HOUR)).toBe(now);
  });

  it('is broken by a pause of twenty times the usual one, and of a minute at least', () => {
    hears(30, 10 * SECOND, 1);
    expect([silentAfter(200 * SECOND), silentAfter(200 * SECOND + 1)]).toEqual([null, now]);
    hears(100, SECOND, 1);
    expect([silentAfter(MINUTE - 1), silentAfter(MINUTE)]).toEqual([null, now]);
  });

  it('is slower where fewer are on', () => {
    hears(100, 10 * SECOND, 50);
    expect([silentAfter(HOUR, 2), silentAfter(300 * SECOND, 50)]).toEqual([null, now]);
  });

  it('is not broken where nobody is on, and a night makes no pause usual', () => {
    hears(100, 10 * SECOND, 1);
    expect(silentAfter(HOUR, 0)).toBe(null);
    hears(1, 12 * HOUR, 0);
    expect(silentAfter(201 * SECOND)).toBe(now);
  });

  it('has lines that come together as one, however many', () => {
    for (let n = 0; n < 100; n += 1) {
      now += 10 * SECOND;
      for (let line = 0; line < 50; line += 1) rhythm.heard(now + line * 10, 1);
    }
    expect([silentAfter(200 * SECOND), silentAfter(201 * SECOND)]).toEqual([null, now + 490]);
  });

  it('hardly changes with a silence that lasted for long', () => {
    hears(100, 10 * SECOND, 1);
    hears(1, 24 * HOUR, 1);
    expect(silentAfter(400 * SECOND)).toBe(now);
  });

  it('is not broken while nobody listened', () => {
    hears(100, SECOND, 1);
    const started = now + HOUR;
    expect(silentAfter(HOUR + MINUTE - 1, 1, started)).toBe(null);
    expect(silentAfter(HOUR + MINUTE, 1, started)).toBe(now);
  });

  it('goes on where a clock was set back', () => {
    hears(100, SECOND, 1);
    hears(1, -HOUR, 1);
    expect(silentAfter(MINUTE)).toBe(now);
  });

  it('is as usual through days of visits at random that grow and shrink with the hour', () => {
    const random = createRandom(7);
    let heard = 0;
    let before = 0;
    let silences = 0;
    for (let second = 0; second < 3 * 86_400; second += 1) {
      const hour = (second / 3600) % 24;
      const open = Math.max(0, Math.round(40 * Math.sin((Math.PI * (hour - 7)) / 11)));
      now = START + second * SECOND;
      // A visit begins and ends with a line, and has one in three minutes, on average; often two come at once.
      if (open !== before || random() < open / 180) {
        heard += 1;
        rhythm.heard(now, before);
        rhythm.heard(now + 20, open);
      }
      before = open;
      if (rhythm.silentSince(now, open, START) !== null) silences += 1;
    }
    expect(silences).toBe(0);
    expect(heard).toBeGreaterThan(1_000);
  });
});

describe('a host of a site', () => {
  const untimed = (at: number) => eventAt('connection_open', at, { receivedAt: at });
  const siteThatHeard = (lines: number): Site => {
    const site = new Site(SETTINGS);
    site.started(START);
    for (let n = 1; n <= lines; n += 1) {
      const line = untimed(START + n * SECOND);
      site.clocks.correct(line);
      site.apply(line, n);
    }
    return site;
  };
  const silenceOf = (site: Site, now: number) =>
    [...site.identities.hosts.values()].map(({ rhythm, openSessions }) =>
      rhythm.silentSince(now, openSessions, site.startedAt),
    );

  it('that has sent lines is silent when they stop, also after a restart', () => {
    const site = siteThatHeard(30);
    const last = START + 30 * SECOND;
    expect(silenceOf(site, last + 59 * SECOND)).toEqual([null]);
    expect(silenceOf(site, last + MINUTE)).toEqual([last]);
    const { hosts, ...state } = stateOf(site);
    const restored = new Site(SETTINGS);
    restoreState(restored, JSON.parse(JSON.stringify({ ...state, hosts })));
    for (const host of restored.identities.hosts.values()) host.openSessions = 1;
    expect(silenceOf(restored, last + MINUTE)).toEqual([last]);
    // A state of a version that did not note it.
    const older = new Site(SETTINGS);
    restoreState(older, { ...state, hosts: hosts.map(({ rhythm: _, ...host }) => host) });
    for (const host of older.identities.hosts.values()) host.openSessions = 1;
    expect(silenceOf(older, last + MINUTE)).toEqual([null]);
  });
});
