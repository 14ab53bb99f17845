import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CountedFrames } from '../../../receivers/tcp/counted-frames.ts';
import { Lines } from '../../../receivers/tcp/lines.ts';
import { type CreateFraming, everyCut, framesOf } from './framing-under-test.ts';

const file = new URL('../../cases/lines-qlik-wire-lines/input.txt', import.meta.url);
const sample = readFileSync(file, 'latin1')
  .split('\n')
  .filter((line) => line !== '');

const FRAMINGS: readonly (readonly [string, CreateFraming, (frame: string) => string])[] = [
  ['lf', (maxFrame, taker) => new Lines(maxFrame, taker), (frame) => `${frame}\n`],
  [
    'octet-counting',
    (maxFrame, taker) => new CountedFrames(maxFrame, taker),
    (frame) => `${frame.length} ${frame}`,
  ],
];

describe('lines as Qlik sends them', () => {
  it.each(FRAMINGS)('arrive whole through %s, cut in two at every byte', (_name, create, write) => {
    expect(sample.length).toBeGreaterThan(5);
    for (const [n, frame] of sample.entries()) {
      // With a neighbour on either side, so that a cut inside one must not touch the others.
      const frames = ['before', frame, sample[n + 1] ?? 'after'];
      for (const chunks of everyCut(frames.map(write).join('')))
        expect(framesOf(create, chunks, { maxFrame: 65_535 })).toEqual(frames);
    }
  });
});
