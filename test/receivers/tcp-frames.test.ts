import { describe, expect, it } from 'vitest';
import { Frames } from '../../receivers/tcp-frames.ts';

type Ending = 'end' | 'cut';

function framesOf(chunks: readonly string[], { maxFrame = 10, ending = 'end' as Ending } = {}): string[] {
  const seen: string[] = [];
  const frames = new Frames(maxFrame, {
    frame: (bytes) => seen.push(Buffer.from(bytes).toString()),
    refuse: (reason) => seen.push(`<${reason}>`),
  });
  for (const chunk of chunks) frames.push(Buffer.from(chunk));
  frames[ending]();
  return seen;
}

/** The stream in one piece, cut in two at every place, and byte by byte. */
function everyCut(stream: string): string[][] {
  const inTwo = Array.from({ length: stream.length + 1 }, (_, at) => [stream.slice(0, at), stream.slice(at)]);
  return [[stream], ...inTwo, [...stream]];
}

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
  ['nothing', '', []],
];

describe('frames', () => {
  it.each(STREAMS)('are the same however the stream is cut: %s', (_name, stream, expected) => {
    for (const chunks of everyCut(stream)) expect(framesOf(chunks), JSON.stringify(chunks)).toEqual(expected);
  });

  it('are refused where the connection breaks inside one, and only there', () => {
    expect(framesOf(['one\ntw'], { ending: 'cut' })).toEqual(['one', '<frame_cut_off>']);
    expect(framesOf(['one\n'], { ending: 'cut' })).toEqual(['one']);
    expect(framesOf(['12345678901'], { ending: 'cut' })).toEqual(['<frame_too_long>']);
  });

  it('keep bytes as they are, cut inside a character or not text at all', () => {
    const seen: Buffer[] = [];
    const frames = new Frames(100, { frame: (bytes) => seen.push(Buffer.from(bytes)), refuse: () => {} });
    const bytes = Buffer.from([0xff, 0xc3, 0x00, 0xbc, 0xfe]);
    for (const byte of bytes) frames.push(Buffer.from([byte]));
    frames.push(Buffer.from('\n'));
    expect(seen).toEqual([bytes]);
  });

  it('are not held beyond their greatest length: 10 MB without a newline are refused once', () => {
    const chunks = Array<string>(160).fill('x'.repeat(65_536));
    expect(framesOf([...chunks, '\ngood\n'], { maxFrame: 65_535 })).toEqual(['<frame_too_long>', 'good']);
  });
});
