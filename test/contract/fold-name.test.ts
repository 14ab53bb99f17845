import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldName } from '../../src/contract/fold-name.ts';

describe('names are compared', () => {
  it.each([
    ['LAB\\Anna', 'lab\\anna'],
    ['J\u00fcrgen', 'Ju\u0308rgen'],
    ['J\u00dcRGEN', 'ju\u0308rgen'],
    ['Straße', 'STRASSE'],
    ['STRA\u1e9eE', 'strasse'],
    ['ΟΔΟΣ', 'οδος'],
    ['οδοσ', 'οδος'],
    ['\ufb01nn', 'FINN'],
    ['\u212aelvin', 'kelvin'],
    ['\u212bsa', 'a\u030asa'],
    ['\u01f0', 'J\u030c'],
    ['\u1fb3', '\u03b1\u0345'],
    ['𐐀x', '𐐨X'],
  ])('so that %s and %s are one', (one, other) => {
    expect(foldName(one)).toBe(foldName(other));
  });

  it.each([
    ['ı', 'i'],
    ['İbo', 'ibo'],
    ['Jurgen', 'Jürgen'],
    ['а', 'a'],
    ['a ', 'a'],
  ])('so that %s and %s are two', (one, other) => {
    expect(foldName(one)).not.toBe(foldName(other));
  });

  it('in the same way whatever way a name is written', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 12 }), (name) => {
        const folded = foldName(name);
        expect(foldName(folded)).toBe(folded);
        expect(foldName(name.normalize('NFD'))).toBe(folded);
        expect(foldName(name.toLowerCase())).toBe(folded);
      }),
    );
  });

  it('by their case folding alone where there are no accents, as the slow way does', () => {
    // Unicode's case folding is what a RegExp without case compares by, one letter for one.
    const letters = Array.from({ length: 0x590 }, (_, code) => String.fromCodePoint(code));
    for (const letter of letters) {
      if (letter.normalize('NFC') !== letter || letter === '\u0345') continue;
      const same = new RegExp(`^${letter.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&')}$`, 'iu');
      for (const other of [letter.toLowerCase(), letter.toUpperCase()]) {
        if (same.test(other)) expect([letter, foldName(other)]).toEqual([letter, foldName(letter)]);
      }
    }
  });
});
