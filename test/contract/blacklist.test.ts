import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBlacklist, matchesGlob } from '../../src/contract/blacklist.ts';

const user = (directory: string | null, id: string) => ({ directory, id });

describe('the blacklist', () => {
  it('covers a whole directory by a rule without user id', () => {
    const { excludes } = createBlacklist([{ directory: 'INTERNAL' }]);
    expect(excludes(user('INTERNAL', 'sa_api'))).toBe(true);
    expect(excludes(user('INTERNAL2', 'sa_api'))).toBe(false);
  });

  it('covers one user by a rule with user id', () => {
    const { excludes } = createBlacklist([{ directory: 'LAB', userId: 'testuser1' }]);
    expect(excludes(user('LAB', 'testuser1'))).toBe(true);
    expect(excludes(user('LAB', 'testuser2'))).toBe(false);
    expect(excludes(user('OTHER', 'testuser1'))).toBe(false);
  });

  it('compares without case, beyond ASCII too', () => {
    const { excludes } = createBlacklist([{ directory: 'Lab', userId: 'ÅSA.*' }]);
    expect(excludes(user('LAB', 'åsa.Öberg'))).toBe(true);
  });

  it('takes * for any characters in directory and user id', () => {
    const { excludes } = createBlacklist([{ directory: '*-test', userId: 'svc*' }, { directory: 'QA*' }]);
    expect(excludes(user('lab-TEST', 'SVC_1'))).toBe(true);
    expect(excludes(user('lab-TEST', 'jdoe'))).toBe(false);
    expect(excludes(user('qa', 'anyone'))).toBe(true);
  });

  it('keeps every rule of one directory', () => {
    const rules = [
      { directory: 'lab', userId: 'a' },
      { directory: 'LAB', userId: 'b*' },
      { directory: 'LAB*' },
    ];
    for (const count of [1, 2, 3]) {
      const { excludes, size } = createBlacklist(rules.slice(0, count));
      expect(size).toBe(count);
      expect([excludes(user('LAB', 'A')), excludes(user('Lab', 'bob')), excludes(user('lab', 'c'))]).toEqual([
        true,
        count > 1,
        count > 2,
      ]);
    }
  });

  it('never covers a null user or a user without directory', () => {
    const { excludes } = createBlacklist([{ directory: '*' }, { directory: '*', userId: '*' }]);
    expect(excludes(null)).toBe(false);
    expect(excludes(user(null, 'jdoe'))).toBe(false);
    expect(excludes(user('', 'jdoe'))).toBe(true);
  });

  it('takes every character but * literally', () => {
    const { excludes } = createBlacklist([{ directory: 'a.b', userId: '(x|y)+*' }]);
    expect(excludes(user('a.b', '(x|y)+z'))).toBe(true);
    expect(excludes(user('a.b', 'xyz'))).toBe(false);
    expect(excludes(user('aXb', '(x|y)+'))).toBe(false);
  });

  it('is not fooled by the names of built-in properties', () => {
    const { excludes } = createBlacklist([{ directory: 'LAB', userId: 'x' }]);
    expect(excludes(user('__proto__', 'constructor'))).toBe(false);
    expect(excludes(user('LAB', 'toString'))).toBe(false);
  });
});

describe('the wildcard match', () => {
  /** The obvious one: each star eats nothing, or one character more. */
  function obvious(pattern: string, text: string): boolean {
    if (pattern === '') return text === '';
    if (pattern[0] !== '*') return pattern[0] === text[0] && obvious(pattern.slice(1), text.slice(1));
    return obvious(pattern.slice(1), text) || (text !== '' && obvious(pattern, text.slice(1)));
  }

  it('agrees with the obvious recursive one', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 9 });
    fc.assert(
      fc.property(letters, letters, (pattern, text) => {
        expect(matchesGlob(pattern, text)).toBe(obvious(pattern, text));
      }),
      { numRuns: 5000 },
    );
  });

  it('takes a bounded number of steps for a hostile pattern', () => {
    let steps = 0;
    const counted: ProxyHandler<object> = {
      get(target, key) {
        steps += 1;
        return Reflect.get(target, key);
      },
    };
    const text = new Proxy(Object('a'.repeat(2000)) as object, counted) as unknown as string;
    expect(matchesGlob(`${'*a'.repeat(200)}*b`, text)).toBe(false);
    expect(steps).toBeLessThan(3 * 2000 * 402);
  });
});
