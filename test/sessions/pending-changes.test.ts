import { expect, it } from 'vitest';
import { Identities } from '../../src/sessions/identities.ts';
import { PendingChanges } from '../../src/sessions/pending-changes.ts';
import { Connection, Session } from '../../src/sessions/session.ts';

const identities = new Identities();
const key = identities.key(identities.host('node1'), null);
const session = (id: number) => new Session(id, key, 0, true, false, 0);

it('what changed is there to be taken once, however often it changed', () => {
  const pending = new PendingChanges();
  const [one, two] = [session(1), session(2)];
  const connection = new Connection(1, one, null, 0, 0);
  for (let n = 0; n < 2; n += 1) {
    pending.touched(one);
    pending.changed(two);
    pending.connectionChanged(connection);
  }
  pending.paired(7, two);
  expect(pending.take()).toEqual({
    sessions: [one, two],
    connections: [connection],
    paired: [{ seq: 7, session: two }],
    userLearnt: [],
  });
  expect(pending.take()).toEqual({ sessions: [], connections: [], paired: [], userLearnt: [] });
});

it('a session that was only active is told from one of which more changed, whichever came first', () => {
  const pending = new PendingChanges();
  const [active, activeFirst, changedFirst] = [session(1), session(2), session(3)];
  pending.touched(active);
  pending.touched(activeFirst);
  pending.changed(activeFirst);
  pending.changed(changedFirst);
  pending.touched(changedFirst);
  expect([active.change, activeFirst.change, changedFirst.change]).toEqual(['activity', 'all', 'all']);
});

it('says how many sessions were active, until they are taken', () => {
  const pending = new PendingChanges();
  expect(pending.activities).toBe(0);
  for (let id = 1; id <= 3; id += 1) pending.touched(session(id));
  pending.changed(session(4));
  expect(pending.activities).toBe(3);
  pending.take();
  expect(pending.activities).toBe(0);
});
