import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CountedFrames } from '../../../receivers/tcp/counted-frames.ts';
import { type CreateFraming, cutAt, everyCut, framesOf } from './framing-under-test.ts';

const counted: CreateFraming = (maxFrame, taker) => new CountedFrames(maxFrame, taker);

const STREAMS: readonly (readonly [string, string, readonly string[]])[] = [
  ['two frames', '3 one5 two\nx', ['one', 'two\nx']],
  ['frames of one byte', '1 a1 b1  1 1', ['a', 'b', ' ', '1']],
  ['a frame that looks like two', '7 3 one3 3 two', ['3 one3 ', 'two']],
  ['a frame of just the greatest length', '10 12345678901 x', ['1234567890', 'x']],
  ['a frame too long between two good ones', '3 one11 123456789013 two', ['one', '<frame_too_long>', 'two']],
  ['a newline behind each', '3 one\n3 two\r\n\r\n3 six\n', ['one', 'two', 'six']],
  ['a NUL behind each', '3 one\x003 two\0', ['one', 'two']],
  [
    'lines that cannot be read among others',
    '3 one\nx\n3\n3 two',
    ['one', '<no_frame_length>', '<bad_frame_length>', 'two'],
  ],
  ['a line that cannot be read at the end', '3 onex', ['one', '<no_frame_length>']],
  ['nothing', '', []],
  ['an end inside a message', '3 one3 tw', ['one', '<frame_cut_off>']],
  ['an end inside a length', '3 one3', ['one', '<frame_cut_off>']],
  ['an end inside a message that is too long', '11 123', ['<frame_too_long>']],
];

/** Up to the end of the line nobody knows where the next frame begins. */
const UNREADABLE: readonly (readonly [string, string, string])[] = [
  ['a length of 0', '0 ', 'bad_frame_length'],
  ['a negative length', '-1 x', 'no_frame_length'],
  ['1,000 zeros', `${'0'.repeat(1000)} x`, 'bad_frame_length'],
  ['leading zeros', '003 one', 'bad_frame_length'],
  ['a plus sign', '+3 one', 'no_frame_length'],
  ['no space after the length', '3one', 'bad_frame_length'],
  ['a tab after the length', '3\tone', 'bad_frame_length'],
  ['a length in hexadecimal', '0x3 one', 'bad_frame_length'],
  ['a space before the length', ' 3 one', 'no_frame_length'],
  ['a line instead of a frame', '/qseow-proxy-session/;node1', 'no_frame_length'],
  ['a message longer than its length', 'e', 'no_frame_length'],
  ['a line with a syslog header', '<134>1 2026-11-21', 'no_frame_length'],
];

describe('frames that begin with their length', () => {
  it.each(STREAMS)('are the same however the stream is cut: %s', (_name, stream, expected) => {
    for (const chunks of everyCut(stream))
      expect(framesOf(counted, chunks), JSON.stringify(chunks)).toEqual(expected);
  });

  it.each(UNREADABLE)('begin again behind the newline after %s', (_name, stream, reason) => {
    for (const chunks of everyCut(`3 one${stream}`)) {
      const seen = framesOf(counted, [...chunks, '3 two', '\n3 six'], { maxFrame: 2_000 });
      expect(seen, JSON.stringify(chunks)).toEqual(['one', `<${reason}>`, 'six']);
    }
  });

  it.each([
    ['a length of a billion', '1000000000 x', 'frame_too_long'],
    ['a length of 1,000 digits', `${'9'.repeat(1000)} x`, 'frame_too_long'],
    ['a line that cannot be read and is longer than any frame', 'x'.repeat(11), 'no_frame_length'],
  ])('lose the framing, once and for good, after %s', (_name, stream, reason) => {
    for (const chunks of everyCut(`3 one${stream}`)) {
      const seen = framesOf(counted, [...chunks, '3 two', '\n3 two']);
      expect(seen, JSON.stringify(chunks)).toEqual(['one', `<${reason}>`, 'lost']);
    }
  });

  it('are the same wherever any stream is cut three times', () => {
    const stream = fc.string({
      unit: fc.constantFrom('1', '2', '0', ' ', 'a', '\n', '\r', '\0'),
      maxLength: 60,
    });
    const places = fc.array(fc.nat(60), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(stream, places, (text, cuts) => {
        expect(framesOf(counted, cutAt(text, cuts))).toEqual(framesOf(counted, [text]));
      }),
    );
  });

  it('are those that were sent, whatever bytes they have', () => {
    const frame = fc
      .uint8Array({ minLength: 1, maxLength: 10 })
      .map((bytes) => Buffer.from(bytes).toString('latin1'));
    fc.assert(
      fc.property(fc.array(frame), fc.array(fc.nat(100)), (frames, cuts) => {
        const stream = frames.map((text) => `${text.length} ${text}`).join('');
        expect(framesOf(counted, cutAt(stream, cuts))).toEqual(frames);
      }),
    );
  });

  it('that cannot be read say what came', () => {
    const samples: (string | undefined)[] = [];
    const framing = new CountedFrames(100, {
      frame: () => {},
      refuse: (_reason, came) => samples.push(came),
    });
    framing.push(Buffer.from('/headcount/2;1\n12x;\n12'));
    framing.push(Buffer.from('3?'));
    expect(samples).toEqual(['/headcount/2;1\n12x;\n12', '12x;\n12', '123?']);
  });

  it('are refused where the connection breaks inside one, and only there', () => {
    expect(framesOf(counted, ['3 one3 tw'], { ending: 'cut' })).toEqual(['one', '<frame_cut_off>']);
    expect(framesOf(counted, ['3 one'], { ending: 'cut' })).toEqual(['one']);
  });

  it('are skipped, not held, where they are too long: one of 10 MB costs the sender that frame only', () => {
    const chunks = Array<string>(100).fill('x'.repeat(100_000));
    const expected = ['<frame_too_long>', 'good'];
    expect(framesOf(counted, ['10000000 ', ...chunks, '4 good'], { maxFrame: 65_535 })).toEqual(expected);
  });
});
