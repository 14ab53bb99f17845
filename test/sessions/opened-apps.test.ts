import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Connection, Host, Key, Session } from '../../src/sessions/session.ts';
import { Site } from '../../src/sessions/site.ts';
import { OpenedApps } from '../../src/sessions/tally/opened-apps.ts';
import { eventAt } from '../intake/event-under-test.ts';
import { SETTINGS } from './model/event-arbitrary.ts';

const session = new Session(1, new Key(new Host('node1', 0, 0), null), 0, true, true, 0);
const opening = (appId: string) => new Connection(1, session, appId, 0, 0);

describe('how often an app was opened', () => {
  it('is what adding up says, as long as there are not too many apps', () => {
    const step = fc.oneof(fc.constantFrom('a', 'b', 'c'), fc.constantFrom(1, 1, 1, 2, 7));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const opened = new OpenedApps(3);
        const seen: { app: string; second: number }[] = [];
        let second = 100;
        opened.begin(second);
        for (const each of steps) {
          if (typeof each === 'number') {
            second += each;
            opened.begin(second);
          } else {
            seen.push({ app: each, second });
            opened.count(opening(each));
          }
          for (const app of ['a', 'b', 'c']) {
            const times = seen.filter((one) => one.app === app);
            const lastSecond = times.filter((one) => one.second === second - 1).length;
            expect(opened.of(app)).toEqual({ lastSecond, total: times.length });
          }
        }
      }),
    );
  });

  it('is not known in all of one that is new where others have been forgotten', () => {
    const opened = new OpenedApps(2);
    for (const [second, app] of ['a', 'b', 'a', 'c', 'c'].entries()) {
      opened.begin(second);
      opened.count(opening(app));
    }
    expect(['a', 'b', 'c', 'd'].map((app) => opened.of(app).total)).toEqual([2, null, null, null]);
    opened.begin(5);
    expect(opened.of('c').lastSecond).toBe(1);
  });

  it('leaves out users who are hidden', () => {
    const site = new Site(SETTINGS);
    const opens = (seq: number, more: object) =>
      site.apply(eventAt('connection_open', 1_000, { appId: 'a', ...more }), seq);
    opens(1, {});
    site.exclude(({ id }) => id === 'eve', 1_000);
    opens(2, { user: { directory: 'LAB', id: 'eve' } });
    expect(site.openedApps.of('a').total).toBe(1);
  });

  it('goes on after a restart', () => {
    const before = new OpenedApps();
    for (const app of ['a', '__proto__', 'a']) before.count(opening(app));
    const after = new OpenedApps();
    after.restore(JSON.parse(JSON.stringify(before.state)));
    after.count(opening('a'));
    expect(['a', '__proto__', 'b'].map((app) => after.of(app).total)).toEqual([3, 1, 0]);
  });

  it('is kept over a restart of the apps opened last', () => {
    const before = new OpenedApps();
    for (let n = 0; n <= 5_000; n += 1) before.count(opening(`app-${n}`));
    const after = new OpenedApps();
    after.restore(JSON.parse(JSON.stringify(before.state)));
    expect(['app-0', 'app-1', 'app-5000', 'new'].map((app) => after.of(app).total)).toEqual([
      null,
      1,
      1,
      null,
    ]);
  });
});

it('a session counts as created on its virtual proxy as soon as that is known, at the time when it began', () => {
  const site = new Site(SETTINGS);
  site.apply(eventAt('session_start', 1_000), 1);
  site.apply(eventAt('connection_open', 9_000, { virtualProxy: 'sales' }), 2);
  site.apply(eventAt('session_stop', 12_000), 3);
  const seconds = site.series.takePending().filter(({ dimension }) => dimension === 'virtualProxy:sales');
  expect(seconds.map(({ at, created, destroyed }) => [at, created, destroyed])).toEqual([
    [1, 1, 0],
    [12, 0, 1],
  ]);
});
