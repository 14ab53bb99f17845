import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Claims } from '../../src/centres/claims.ts';

const claim = (centre: string, partitions: number[], term: number | null, heardAt = 0) => ({
  ...{ centre, partitions, term, isSure: true, heardAt },
  counts: centre,
});
const ownersOf = (claims: Claims<string>, now: number) =>
  claims.of(4, now).owners.map(({ centre }) => centre);

describe('what centres claim', () => {
  it('is with those who were heard of within two seconds, and the rest is missing', () => {
    const claims = new Claims<string>('one');
    claims.hear(claim('one', [0, 1], 1));
    claims.hear(claim('two', [2, 3], 2, 500));
    expect(claims.of(4, 1_999)).toMatchObject({ missing: [] });
    expect(ownersOf(claims, 2_000)).toEqual(['two']);
    expect(claims.of(4, 2_000).missing).toEqual([0, 1]);
  });

  it('is with whoever has the later lease of two who both believe they have it', () => {
    const claims = new Claims<string>('x');
    claims.hear(claim('new', [0, 1, 2, 3], 9));
    claims.hear(claim('old', [0, 1, 2, 3], 5));
    expect(ownersOf(claims, 100)).toEqual(['new']);
    expect(claims.stats(100).map(({ state }) => state)).toEqual(['owner', 'former']);
    // Nothing is heard of the new one: that does not make the old one right.
    claims.hear(claim('old', [0, 1, 2, 3], 5, 5_000));
    expect(claims.of(4, 5_000)).toEqual({ owners: [], missing: [0, 1, 2, 3] });
    // Until it is long ago.
    claims.hear(claim('old', [0, 1, 2, 3], 5, 10_000));
    expect(ownersOf(claims, 10_000)).toEqual(['old']);
  });

  it('is with whoever had the lease last while nobody can renew one, and is missing all the same', () => {
    const claims = new Claims<string>('x');
    claims.hear({ ...claim('one', [0, 1], 1), isSure: false });
    claims.hear(claim('two', [2, 3], 2));
    expect(ownersOf(claims, 100).sort()).toEqual(['one', 'two']);
    expect(claims.of(4, 100).missing).toEqual([0, 1]);
    claims.hear(claim('three', [0, 1], 3));
    expect(ownersOf(claims, 100).sort()).toEqual(['three', 'two']);
    expect(claims.of(4, 100).missing).toEqual([]);
  });

  it('never has a partition with two of them', () => {
    const some = fc.record({
      centre: fc.constantFrom('a', 'b', 'c', 'd'),
      partitions: fc.uniqueArray(fc.nat({ max: 3 }), { minLength: 1, maxLength: 4 }),
      term: fc.option(fc.integer({ min: 1, max: 6 })),
      heardAt: fc.nat({ max: 12_000 }),
    });
    fc.assert(
      fc.property(fc.array(some), (heard) => {
        const claims = new Claims<string>('a');
        for (const each of heard) claims.hear({ ...each, isSure: true, counts: '' });
        const { owners, missing } = claims.of(4, 12_000);
        const covered = [...owners.flatMap(({ partitions }) => partitions), ...missing];
        expect(covered.sort()).toEqual([0, 1, 2, 3]);
        for (const { centre, term, partitions } of owners) {
          const later = heard.filter((each) => each.term !== null && each.term > (term ?? 0));
          const newest = later.filter(
            (each) =>
              each.centre !== centre &&
              each === heard.findLast((other) => other.centre === each.centre) &&
              each.heardAt > 10_000,
          );
          // One with a later lease of the same partitions is left out only where a still later one has some of them.
          for (const each of newest.filter((other) => other.partitions.some((p) => partitions.includes(p)))) {
            expect(owners.map((owner) => owner.centre)).not.toContain(each.centre);
          }
        }
      }),
    );
  });

  it('has a bound', () => {
    const claims = new Claims<string>('x');
    for (let n = 0; n < 600; n += 1) claims.hear(claim(`c${n}`, [n % 256], n + 1));
    expect(claims.stats(0)).toHaveLength(512);
  });
});
