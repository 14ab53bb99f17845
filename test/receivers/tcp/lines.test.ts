import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Lines } from '../../../receivers/tcp/lines.ts';
import { type CreateFraming, cutAt, everyCut, framesOf } from './framing-under-test.ts';

const lines: CreateFraming = (maxFrame, taker) => new Lines(maxFrame, taker);

const STREAMS: readonly (readonly [string, string, readonly string[]])[] = [
  ['two frames', 'one\ntwo\n', ['one', 'two']],
  ['a CR before the LF', 'one\r\ntwo\r\n', ['one', 'two']],
  ['a CR elsewhere', 'o\rne\n\rtwo\r\r\n', ['o\rne', '\rtwo\r']],
  ['no LF at the end', 'one\ntwo', ['one', 'two']],
  ['a lone CR at the end', 'one\ntwo\r', ['one', 'two']],
  ['newlines that keep the connection alive', '\n\r\none\n\n\n\r\ntwo\n\r', ['one', 'two']],
  ['frames of just the greatest length', '1234567890\n1234567890\r\n1234567890', Array(3).fill('1234567890')],
  ['a frame too long between two good ones', 'one\n12345678901\ntwo\n', ['one', '<frame_too_long>', 'two']],
  ['a CR that makes a frame too long', '1234567890\r1\ntwo\n', ['<frame_too_long>', 'two']],
  ['two CRs that make a frame too long', '1234567890\r\r\ntwo\n', ['<frame_too_long>', 'two']],
  ['a frame far too long at the end', '123456789012345678901234', ['<frame_too_long>']],
  ['a NUL at the end of each', 'one\0two\0six', ['one', 'two', 'six']],
  ['NULs, newlines and both', 'one\0\ntwo\0\0six\r\0\0ten\n', ['one', 'two', 'six', 'ten']],
  ['a NUL that ends a frame too long', '12345678901\0two\0', ['<frame_too_long>', 'two']],
  ['UTF-16, little endian', 'a\0b\0\n\0c\0\r\0\n\0', ['a\0b\0', 'c\0\r\0']],
  ['UTF-16, big endian', '\0a\0b\0\n\0c\0\n', ['a\0b\0', 'c\0']],
  ['nothing', '', []],
];

describe('frames that end at a newline', () => {
  it.each(STREAMS)('are the same however the stream is cut: %s', (_name, stream, expected) => {
    for (const chunks of everyCut(stream))
      expect(framesOf(lines, chunks), JSON.stringify(chunks)).toEqual(expected);
  });

  it('are the same wherever any stream is cut three times', () => {
    const stream = fc.string({ unit: fc.constantFrom('a', 'b', '\r', '\n', '\0', '\xff'), maxLength: 60 });
    const places = fc.array(fc.nat(60), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(stream, places, (text, cuts) => {
        expect(framesOf(lines, cutAt(text, cuts))).toEqual(framesOf(lines, [text]));
      }),
    );
  });

  it('are those that were sent, whatever bytes they have but newlines and NULs', () => {
    const frame = fc.uint8Array({ minLength: 1, maxLength: 10 }).map((bytes) => Buffer.from(bytes));
    const sendable = frame
      .map((bytes) => bytes.toString('latin1'))
      .filter((text) => !/[\n\0]|\r$/.test(text));
    fc.assert(
      fc.property(fc.array(sendable), fc.array(fc.nat(100)), (frames, cuts) => {
        const stream = frames.map((text) => `${text}\n`).join('');
        expect(framesOf(lines, cutAt(stream, cuts))).toEqual(frames);
      }),
    );
  });

  it('are refused where the connection breaks inside one, and only there', () => {
    expect(framesOf(lines, ['one\ntw'], { ending: 'cut' })).toEqual(['one', '<frame_cut_off>']);
    expect(framesOf(lines, ['one\n'], { ending: 'cut' })).toEqual(['one']);
    expect(framesOf(lines, ['12345678901'], { ending: 'cut' })).toEqual(['<frame_too_long>']);
  });

  it('are not held beyond their greatest length: 10 MB without a newline are refused once', () => {
    const chunks = Array<string>(160).fill('x'.repeat(65_536));
    const expected = ['<frame_too_long>', 'good'];
    expect(framesOf(lines, [...chunks, '\ngood\n'], { maxFrame: 65_535 })).toEqual(expected);
  });
});
