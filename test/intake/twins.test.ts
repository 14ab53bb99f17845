import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Kind } from '../../src/contract/event.ts';
import { draftLine, type ParsedLine, type Via } from '../../src/formats/parsed-line.ts';
import { Twins } from '../../src/intake/twins.ts';

const NODE = { address: '192.0.2.1', port: 1 };

function line(kind: Kind, via: Via, body: string, receivedAt = 0): ParsedLine {
  const prefix = `/${via}/`;
  return {
    ...draftLine(kind, prefix + body, prefix.length, { receivedAt, sender: NODE }),
    via,
  };
}

describe('the second copy of a line', () => {
  it('is none where it only has the same checksum, as anybody can make one up', () => {
    const twins = new Twins(() => 7);
    expect(twins.isTwin(line('session_start', 'session', 'anna'), NODE)).toBe(false);
    expect(twins.isTwin(line('session_start', 'connection', 'bert'), NODE)).toBe(false);
    expect(twins.isTwin(line('session_start', 'connection', 'anna'), NODE)).toBe(true);
    expect(twins.isTwin(line('session_start', 'session', 'bert'), NODE)).toBe(true);
  });

  it('is found by what a list of all lines says, however long they are and whatever their letters', () => {
    const said = fc.record({
      name: fc.constantFrom('a', 'b', 'ä', '北京', ''),
      times: fc.constantFrom(1, 1, 2, 10_000, 30_000),
      via: fc.constantFrom<Via>('session', 'connection'),
      kind: fc.constantFrom<Kind>('session_start', 'connection_open'),
    });
    // A line tells its kind itself.
    const bodyOf = ({ name, times, kind }: { name: string; times: number; kind: Kind }) =>
      kind + name.repeat(times);
    fc.assert(
      fc.property(fc.array(said, { maxLength: 8 }), (lines) => {
        const twins = new Twins((text) => text.length % 2);
        // What waits for a second copy.
        const waiting: typeof lines = [];
        for (const each of lines) {
          const place = waiting.findLastIndex(
            (other) => bodyOf(other) === bodyOf(each) && other.via !== each.via,
          );
          if (place < 0) waiting.push(each);
          else waiting.splice(place, 1);
          expect(twins.isTwin(line(each.kind, each.via, bodyOf(each)), NODE)).toBe(place >= 0);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('is not looked for among lines of which the bytes were overwritten, and one that is too long is an event of its own', () => {
    const twins = new Twins((text) => text.length);
    const long = 'x'.repeat(600_000);
    for (const body of ['early', `${long}1`, `${long}22`, `${long}333`, `${long}4444`]) {
      twins.isTwin(line('session_start', 'session', body), NODE);
    }
    expect(twins.isTwin(line('session_start', 'connection', 'early'), NODE)).toBe(false);
    expect(twins.isTwin(line('session_start', 'connection', `${long}4444`), NODE)).toBe(true);
    const longest = 'x'.repeat(3_000_000);
    expect(twins.isTwin(line('session_start', 'session', longest), NODE)).toBe(false);
    expect(twins.isTwin(line('session_start', 'connection', longest), NODE)).toBe(false);
  });
});
