import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createBlacklist } from '../../src/contract/blacklist.ts';
import { RulesSeen } from '../../src/intake/rules-seen.ts';

const name = fc.constantFrom('a', 'A', 'ab', 'b', 'B', '');
const user = fc.option(fc.record({ directory: fc.option(name), id: name }));
const pattern = fc.constantFrom('a', 'A*', '*', 'b', '*b');
const rule = fc.record({ directory: pattern, userId: fc.option(pattern, { nil: undefined }) });

it('a rule is seen exactly when one of the users so far is covered by it alone', () => {
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 6 }), fc.array(user, { maxLength: 30 }), (rules, users) => {
      const seen = new RulesSeen(rules);
      for (const each of users) seen.note(each);
      expect(seen.all).toEqual(rules.map((each) => [each, users.some(createBlacklist([each]).excludes)]));
    }),
  );
});

it('ten thousand other users are remembered, and more do no harm', () => {
  const rules = [
    { directory: 'LAB', userId: 'nobody' },
    { directory: 'lab', userId: 'last' },
  ];
  const seen = new RulesSeen(rules);
  for (let n = 0; n < 25_000; n += 1) seen.note({ directory: 'LAB', id: `user-${n}` });
  expect(seen.all.map(([, isSeen]) => isSeen)).toEqual([false, false]);
  seen.note({ directory: 'LAB', id: 'LAST' });
  expect(seen.all.map(([, isSeen]) => isSeen)).toEqual([false, true]);
});
