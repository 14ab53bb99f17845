import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { UserEvent } from '../../../src/contract/event.ts';
import type { Session } from '../../../src/sessions/session.ts';
import { Site } from '../../../src/sessions/site.ts';
import { ApplicationModel } from './application-model.ts';
import { eventOf, GRACE, RESUME, SETTINGS, steps, TIMEOUT } from './told.ts';

const T = Date.UTC(2026, 0, 5, 10);
/** The program, which keeps what has ended. */
class SiteUnderTest extends Site {
  readonly all: Session[] = [];
  #seq = 0;

  constructor() {
    super(SETTINGS);
  }

  take(event: UserEvent): ReturnType<Site['applyOfApplication']> {
    this.#seq += 1;
    return this.applyOfApplication(event, this.#seq);
  }

  override sessionOpened(session: Session): void {
    super.sessionOpened(session);
    this.all.push(session);
  }
}

describe('the rules of application sessions', () => {
  it('hold in the program as in their obvious form, whatever comes', () => {
    fc.assert(
      fc.property(steps, (taken) => {
        const [site, model] = [new SiteUnderTest(), new ApplicationModel(TIMEOUT, RESUME, GRACE)];
        let now = T;
        for (const step of taken) {
          if (step.do === 'tell') {
            const event = eventOf({ ...step.told, at: now - step.behindMs, receivedAt: now });
            site.take(event);
            model.apply(event);
          } else if (step.do === 'beat') {
            const user = step.userId === null ? null : { directory: null, id: step.userId };
            site.applications.alive({ host: 'shop', sessionKey: step.sessionKey, user, at: now });
            model.beat(step.sessionKey, step.userId, now);
          } else {
            // Steps as short as the program's, but for a pause that would be one in which it did not run.
            for (const to = now + step.ms; now < to; ) {
              now = Math.min(to, now + 5_000);
              site.tick(now);
              model.tick(now);
            }
          }
          expect(viewOf(site)).toEqual(
            model.sessions.map(
              ({ sessionKey, user, startedAt, startExact, endedAt, endReason, activeAt }) => {
                const lastActivityAt = endedAt === null ? activeAt : null;
                return { sessionKey, user, startedAt, startExact, endedAt, endReason, lastActivityAt };
              },
            ),
          );
          expect(site.counts.sessions).toBe(model.sessions.filter(({ endedAt }) => endedAt === null).length);
        }
      }),
      { numRuns: Number(process.env['PROPERTY_RUNS'] ?? 1_000) },
    );
  });

  it('a session whose user was not known counts as theirs', () => {
    const site = new SiteUnderTest();
    const told = { kind: 'session_start' as const, sessionKey: 'key-one-1', at: T, receivedAt: T };
    site.take(eventOf({ ...told, userId: null }));
    expect(site.counts).toMatchObject({ sessions: 1, users: 0 });
    site.take(eventOf({ ...told, kind: 'note', userId: 'anna' }));
    expect(site.counts).toMatchObject({ sessions: 1, users: 1 });
    site.take(eventOf({ ...told, kind: 'session_stop', userId: null }));
    expect(site.counts).toMatchObject({ sessions: 0, users: 0 });
    expect(site.windows(T + 1_000).created.total).toBe(1);
  });

  it('a page that is loaded again is on all the time, and nothing of it counts as ended', () => {
    const site = new SiteUnderTest();
    const told = { sessionKey: null, userId: 'anna' };
    const tick = (from: number, to: number) => {
      for (let now = T + from; now < T + to; now += 1_000) {
        site.tick(now);
        expect(site.counts).toMatchObject({ sessions: 1, users: 1 });
      }
    };
    site.take(eventOf({ ...told, kind: 'session_start', at: T, receivedAt: T }));
    site.take(eventOf({ ...told, kind: 'session_stop', at: T + 5_000, receivedAt: T + 5_000 }));
    tick(5_000, 15_000);
    site.take(eventOf({ ...told, kind: 'session_start', at: T + 6_000, receivedAt: T + 15_000 }));
    tick(15_000, 60_000);
    expect(site.windows(T + 60_000)).toMatchObject({ created: { total: 1 }, destroyed: { total: 0 } });
    expect(viewOf(site)).toMatchObject([{ endedAt: null, startedAt: T }]);
  });

  it('an end counts when nothing more has come for the grace, and is as long ago as was said', () => {
    const site = new SiteUnderTest();
    const told = { sessionKey: null, userId: 'anna' };
    site.take(eventOf({ ...told, kind: 'session_start', at: T, receivedAt: T }));
    site.take(eventOf({ ...told, kind: 'session_stop', at: T + 5_000, receivedAt: T + 5_000 }));
    site.tick(T + 5_000 + GRACE - 1);
    expect(site.counts.sessions).toBe(1);
    site.tick(T + 5_000 + GRACE);
    expect(site.counts.sessions).toBe(0);
    expect(viewOf(site)).toMatchObject([{ endedAt: T + 5_000, endReason: 'stop' }]);
  });

  it('very many that leave at once make those end that said so first', () => {
    const site = new SiteUnderTest();
    for (const kind of ['session_start', 'session_stop'] as const) {
      for (let n = 0; n <= 10_000; n += 1)
        site.take(eventOf({ kind, sessionKey: null, userId: `user-${n}`, at: T, receivedAt: T }));
    }
    expect(site.counts.sessions).toBe(10_000);
    expect(site.all[0]?.endedAt).toBe(T);
  });

  it('what says nothing new is not kept', () => {
    const site = new SiteUnderTest();
    const told = { sessionKey: null, userId: 'anna', at: T, receivedAt: T };
    expect(site.take(eventOf({ ...told, kind: 'session_start' }))).not.toBeNull();
    expect(site.take(eventOf({ ...told, kind: 'session_start', at: T + 1 }))).toBeNull();
    expect(site.take(eventOf({ ...told, kind: 'session_stop', at: T + 2 }))).not.toBeNull();
    expect(site.take(eventOf({ ...told, kind: 'session_stop', at: T + 2 }))).toBeNull();
  });
});

function viewOf(site: SiteUnderTest) {
  return site.all.map(({ sessionKey, key, startedAt, startExact, endedAt, endReason, lastActivityAt }) => {
    const user = key.user?.id ?? null;
    const activeAt = endedAt === null ? lastActivityAt : null;
    return { sessionKey, user, startedAt, startExact, endedAt, endReason, lastActivityAt: activeAt };
  });
}
