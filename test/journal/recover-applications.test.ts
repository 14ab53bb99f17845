import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { UserEvent } from '../../src/contract/event.ts';
import type { Site } from '../../src/sessions/site.ts';
import { stateOf } from '../../src/sessions/site-state.ts';
import { eventOf, SETTINGS, type Step, steps } from '../sessions/applications/told.ts';
import { StoredSite } from './stored-site.ts';

const T = Date.UTC(2026, 0, 5, 10);

/** What is stored of each session, whether or not it is still known. */
function rowsOf(stored: StoredSite) {
  return stored.database
    .prepare(
      `SELECT s.id, u.id AS user, s.started_at, s.ended_at, s.end_reason, s.last_activity_at, s.flags, s.last_seq
       FROM sessions s LEFT JOIN users u ON u.number = s.user ORDER BY s.id`,
    )
    .all();
}

function take(stored: StoredSite, event: UserEvent): void {
  const applied = stored.site.applyOfApplication(event, stored.lastSeq + 1);
  if (applied !== null) stored.add(event, applied);
}

/** Lives through the steps; `after` is called when what came of one is on the disk, with the state or, of an event, without. */
function live(stored: StoredSite, taken: readonly Step[], after: (place: number) => void): void {
  let now = T;
  const tick = (): void => {
    stored.site.tick(now);
    stored.commit(now, true);
  };
  tick();
  for (const [place, step] of taken.entries()) {
    if (step.do === 'tell') {
      take(stored, eventOf({ ...step.told, at: now - step.behindMs, receivedAt: now }));
      // What is no event is part of the state from the next tick on.
      if (place % 2 === 0) tick();
      else stored.commit(now, false);
    } else if (step.do === 'beat') {
      const user = step.userId === null ? null : { directory: null, id: step.userId };
      stored.site.applications.alive({ host: 'shop', sessionKey: step.sessionKey, user, at: now });
      tick();
    } else {
      for (const to = now + step.ms; now < to; ) {
        now = Math.min(to, now + 9_000);
        tick();
      }
    }
    if (step.do !== 'tell' || place % 2 === 0) after(place);
  }
  tick();
}

function openOf(site: Site) {
  return { counts: site.counts.sessions, users: site.counts.users, state: stateOf(site).next };
}

it('sessions of applications are the same after a kill as without one, whatever comes', () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 5 }), (taken, every) => {
      const [killed, twin] = [new StoredSite(SETTINGS, T), new StoredSite(SETTINGS, T)];
      try {
        live(twin, taken, () => {});
        live(killed, taken, (place) => {
          if (place % every === 0) killed.killAndRestart();
        });
        expect(rowsOf(killed)).toEqual(rowsOf(twin));
        expect(openOf(killed.site)).toEqual(openOf(twin.site));
      } finally {
        killed.dispose();
        twin.dispose();
      }
    }),
    { numRuns: Number(process.env['PROPERTY_RUNS'] ?? 40) },
  );
});

it('events that came after the last state are taken once more', () => {
  const stored = new StoredSite(SETTINGS, T);
  try {
    stored.site.tick(T);
    stored.commit(T, true);
    const told = { sessionKey: 'key-one-1', at: T + 1, receivedAt: T + 1 };
    take(stored, eventOf({ ...told, kind: 'session_start', userId: null }));
    take(stored, eventOf({ ...told, kind: 'note', userId: 'anna' }));
    stored.commit(T + 2, false);
    stored.killAndRestart();
    expect(openOf(stored.site)).toMatchObject({ counts: 1, users: 1 });
    stored.site.tick(T + 1_000);
    stored.commit(T + 1_000, true);
    expect(rowsOf(stored)).toMatchObject([{ user: 'anna', last_seq: 2 }]);
  } finally {
    stored.dispose();
  }
});

it('a user who is learnt late is found by name, also in a block of sessions that is full', () => {
  const stored = new StoredSite(SETTINGS, T);
  try {
    for (let n = 0; n < 600; n += 1) {
      const sessionKey = `session-${n}`;
      take(stored, eventOf({ kind: 'session_start', sessionKey, at: T, receivedAt: T, userId: null }));
    }
    stored.site.tick(T);
    stored.commit(T, true);
    take(stored, eventOf({ kind: 'note', sessionKey: 'session-3', at: T, receivedAt: T, userId: 'anna' }));
    stored.site.tick(T + 1);
    stored.commit(T + 1, true);
    const blocks = stored.database
      .prepare('SELECT block, users IS NULL AS open FROM session_blocks ORDER BY block')
      .all();
    expect(blocks).toMatchObject([
      { block: 0, open: 1 },
      { block: 1, open: 0 },
      { block: 2, open: 1 },
    ]);
    expect(rowsOf(stored)[3]).toMatchObject({ user: 'anna' });
  } finally {
    stored.dispose();
  }
});
