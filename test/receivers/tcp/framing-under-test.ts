import type { FrameTaker, Framing } from '../../../receivers/tcp/framing.ts';

export type CreateFraming = (maxFrame: number, taker: FrameTaker) => Framing;

interface Seen {
  readonly maxFrame?: number;
  readonly ending?: 'end' | 'cut';
}

/** What came of a stream: frames as text, refusals in angle brackets, and that the framing was lost. */
export function framesOf(
  create: CreateFraming,
  chunks: readonly (string | Buffer)[],
  { maxFrame = 10, ending = 'end' }: Seen = {},
): string[] {
  const seen: string[] = [];
  const framing = create(maxFrame, {
    frame: (bytes) => seen.push(Buffer.from(bytes).toString('latin1')),
    refuse: (reason) => seen.push(`<${reason}>`),
  });
  for (const chunk of chunks) framing.push(Buffer.from(chunk as string, 'latin1'));
  framing[ending]();
  return framing.lost ? [...seen, 'lost'] : seen;
}

/** The stream in one piece, cut in two at every place, and byte by byte. */
export function everyCut(stream: string): string[][] {
  const inTwo = Array.from({ length: stream.length + 1 }, (_, at) => [stream.slice(0, at), stream.slice(at)]);
  return [[stream], ...inTwo, [...stream]];
}

/** The stream cut at these places. */
export function cutAt(stream: string, places: readonly number[]): string[] {
  const sorted = [0, ...places.toSorted((a, b) => a - b), stream.length];
  return sorted.slice(1).map((place, n) => stream.slice(sorted[n], place));
}
