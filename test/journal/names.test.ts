import { expect, it } from 'vitest';
import { Names } from '../../src/journal/names.ts';
import { Identities } from '../../src/sessions/identities.ts';
import { Session } from '../../src/sessions/session.ts';

const identities = new Identities();
const key = identities.key(identities.host('qs1'), identities.user({ directory: 'LAB', id: 'anna' }));

function sessionWith(sessionKey: string | null): Session {
  const session = new Session(1, key, 0, true, true, 0);
  session.sessionKey = sessionKey;
  return session;
}

it('a name has one number within a generation, and is stored once in each', () => {
  const names = new Names(1, 1);
  expect([names.string('a'), names.string('b'), names.string('a'), names.string(null)]).toEqual([1, 2, 1, 0]);
  expect(names.takeNew().strings).toEqual([
    [1, 'a'],
    [2, 'b'],
  ]);
  names.beginGeneration();
  expect([names.string('b'), names.takeNew().strings]).toEqual([3, [[3, 'b']]]);
});

it('the key of a session is numbered once, and remembered by the session alone', () => {
  const names = new Names(1, 1);
  const session = sessionWith('c0de1');
  expect([names.sessionKey('c0de1', session), names.sessionKey('c0de1', session)]).toEqual([1, 1]);
  expect(names.takeNew().strings).toEqual([[1, 'c0de1']]);
  names.beginGeneration();
  expect([names.sessionKey('c0de1', session), names.takeNew().strings]).toEqual([2, [[2, 'c0de1']]]);
  for (let n = 0; n < 1_000; n += 1) names.sessionKey(`key ${n}`, sessionWith(`key ${n}`));
  expect(names.size).toBe(0);
});

it('a key that is not that of its session, or of none, is a name like others', () => {
  const names = new Names(1, 1);
  const session = sessionWith('c0de1');
  expect(names.sessionKey('c0de2', session)).toBe(names.sessionKey('c0de2', null));
  expect(names.sessionKey(null, session)).toBe(0);
  expect(names.sessionKey('c0de1', session)).not.toBe(names.sessionKey('c0de2', null));
  expect(names.size).toBe(1);
});
