import { describe, expect, it } from 'vitest';
import { userOf } from '../../../receivers/exceptionless/fields.ts';
import { readBeat } from '../../../receivers/exceptionless/heartbeat.ts';

const user = (id: string, directory: string | null = null) => ({ directory, id });

describe('a heartbeat', () => {
  it.each([
    ['LAB\\anna', user('anna', 'LAB')],
    ['LAB%5Canna', user('anna', 'LAB')],
    ['a+b@x.example', user('a+b@x.example')],
    ['a%20b', user('a b')],
    ['%C3%BC', user('ü')],
    ['100%', user('100%')],
    ['%zz%C3%BC%ff', user('%zz%C3%BC%ff')],
    ['o%27brien', user("o'brien")],
    ['\\anna', user('\\anna')],
  ])('of %j is of the user that the client meant', (id, expected) => {
    expect(readBeat(`/api/v2/events/session/heartbeat?id=${id}&close=false`)).toMatchObject({
      user: expected,
    });
  });

  it('says last whether the session is over, whatever the name has in it, in any case of letters', () => {
    const closes = (query: string) => readBeat(`/x?${query}`)?.close;
    expect(closes('id=a&close=true&close=false')).toBe(false);
    expect(closes('id=a&close=True')).toBe(true);
    // A client that cuts its own query at a `#` cannot say that it is over.
    expect(closes('id=a')).toBe(false);
  });

  it('with a key that a client made up is of that session alone', () => {
    const key = '49f2e2686dd84815822ab80d394a296f';
    expect(readBeat(`/x?id=${key}&close=false`)).toEqual({ sessionKey: key, user: null, close: false });
    expect(readBeat('/x?id=jsmith01&close=true')).toEqual({
      ...{ sessionKey: 'jsmith01', user: user('jsmith01'), close: true },
    });
  });

  it.each(['/x', '/x?', '/x?id=', '/x?id=%20&close=true', '/x?close=true'])('%j names nobody', (url) => {
    expect(readBeat(url)).toBeNull();
  });
});

describe('an identity', () => {
  it.each([
    [42, user('42')],
    [' anna ', user('anna')],
    ['LAB\\', user('LAB\\')],
    ['x'.repeat(5_000), user('x'.repeat(1_024))],
    ['\ud800half', user('\ufffdhalf')],
    ['nul\0l', user('null')],
  ])('%j is a user', (identity, expected) => {
    expect(userOf(identity)).toEqual(expected);
  });

  it.each([[null], [undefined], [{ a: 1 }], [['anna']], [true], [''], ['  ']])('%j is none', (identity) => {
    expect(userOf(identity)).toBeNull();
  });
});
