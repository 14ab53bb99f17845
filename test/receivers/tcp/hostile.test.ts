import { describe, expect, it } from 'vitest';
import { until } from '../receivers-under-test.ts';
import { gone, openClient, startReceiver } from './under-test.ts';

const MEGABYTES = Buffer.alloc(10_000_000, 'x');

/** What is sent, why it is refused, and whether that ends the connection. */
const HOSTILE: readonly (readonly [string, string, readonly (string | Buffer)[], string, boolean])[] = [
  ['10 MB without a newline', 'lf', [MEGABYTES], 'frame_too_long', false],
  ['10 MB as announced', 'octet-counting', ['10000000 ', MEGABYTES], 'frame_too_long', false],
  ['10 MB with a length of 3 before them', 'octet-counting', ['3 ', MEGABYTES], 'no_frame_length', true],
  ['10 MB without any length', 'octet-counting', [MEGABYTES], 'no_frame_length', true],
  ['a length of 0', 'octet-counting', ['0 '], 'bad_frame_length', false],
  ['a length of -1', 'octet-counting', ['-1 x'], 'no_frame_length', false],
  ['a length of a billion', 'octet-counting', ['1000000000 x'], 'frame_too_long', true],
  ['a length of 1,000 digits', 'octet-counting', [`${'1'.repeat(1000)} x`], 'frame_too_long', true],
  ['a length with a zero before it', 'octet-counting', ['07 /qseow-'], 'bad_frame_length', false],
  ['no space after the length', 'octet-counting', ['7/qseow-'], 'bad_frame_length', false],
];

describe('a sender that does not keep to the framing', () => {
  it.each(HOSTILE)(
    '%s (%s) is refused with a reason, and the others are heard',
    async (_what, framing, pieces, reason, isCut) => {
      const { receiver, intake, port } = await startReceiver({ framing });
      const [good, hostile] = [await openClient(port), await openClient(port)];
      const framed = (text: string) => (framing === 'lf' ? `${text}\n` : `${text.length} ${text}`);
      const ended = gone(hostile);
      for (const piece of pieces) {
        hostile.write(piece);
        good.write(framed('meanwhile'));
      }
      if (isCut) await ended;
      else hostile.write(framing === 'lf' ? '\nme too\n' : '\n6 me too');
      await until(() => intake.refused.length > 0 && (isCut || intake.texts.includes('me too')));
      good.write(framed('still here'));
      await until(() => intake.texts.at(-1) === 'still here');
      const own = intake.messages.filter(({ sender }) => sender.port === good.localPort);
      expect(own.map(({ text }) => text)).toEqual([...pieces.map(() => 'meanwhile'), 'still here']);
      expect(intake.refused).toEqual([reason]);
      expect(receiver.stats()).toMatchObject({ connections: isCut ? 1 : 2, refused: { [reason]: 1 } });
    },
  );
});
