import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CountedFrames } from '../../../receivers/tcp/counted-frames.ts';
import { Lines } from '../../../receivers/tcp/lines.ts';
import { until } from '../receivers-under-test.ts';
import { type CreateFraming, cutAt, everyCut, framesOf } from './framing-under-test.ts';
import { gone, openClient, startReceiver } from './under-test.ts';

const EVENT = '/qseow-proxy-session/;node1;Start session;LAB;jürgen 👩‍💻;Not available;Not available;x';
const FRAMES = [
  `<134>Nov 21 03:52:15 node1 proxy[4242]: ${EVENT}`,
  `<134>1 2026-11-21T03:52:15.003+01:00 node1 proxy 4242 ID47 [a@1 b="]\\""] \ufeff${EVENT}`,
  '<13>x',
  EVENT,
];

/** One character for each byte, which is what can be cut. */
const bytesOf = (text: string) => Buffer.from(text).toString('latin1');
const counted = (frame: string) => `${Buffer.byteLength(frame)} ${frame}`;

const FRAMINGS: readonly (readonly [string, string, CreateFraming])[] = [
  // CR LF, LF, newlines that are no frame, and no newline at the end.
  [
    'lf',
    `\n${FRAMES[0]}\r\n${FRAMES[1]}\n\r\n\n${FRAMES[2]}\n${FRAMES[3]}`,
    (maxFrame, taker) => new Lines(maxFrame, taker),
  ],
  ['octet-counting', FRAMES.map(counted).join(''), (maxFrame, taker) => new CountedFrames(maxFrame, taker)],
];

describe.each(FRAMINGS)('a stream of events from relays (%s)', (framing, text, create) => {
  const stream = bytesOf(text);
  const expected = FRAMES.map(bytesOf);
  const whole = { maxFrame: 65_535 };

  it('has the same frames wherever it is cut in two', () => {
    for (const [n, chunks] of everyCut(stream).entries())
      expect(framesOf(create, chunks, whole), `cut ${n}`).toEqual(expected);
  });

  it('has the same frames wherever it is cut in three, or in more', () => {
    const cuts = fc.array(fc.nat(stream.length), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(cuts, (places) => {
        expect(framesOf(create, cutAt(stream, places), whole)).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  it('has the same frames however the network cuts it: a connection for each place', async () => {
    const { receiver, intake, port } = await startReceiver({ framing, maxConnectionsPerAddress: 1000 });
    const places = Array.from({ length: stream.length - 1 }, (_, n) => n + 1);
    const clients = await Promise.all(places.map(() => openClient(port)));
    const bytes = Buffer.from(stream, 'latin1');
    clients.forEach((client, n) => void client.write(bytes.subarray(0, places[n])));
    // What was sent before has been read when this one is heard: the first piece of each, alone.
    const last = await openClient(port);
    last.end(framing === 'lf' ? 'marker\n' : '6 marker');
    await until(() => intake.texts.includes('marker'));
    const ended = clients.map(gone);
    clients.forEach((client, n) => void client.end(bytes.subarray(places[n])));
    await Promise.all(ended);
    await until(() => receiver.stats()['connections'] === 0);
    const byPort = Map.groupBy(intake.messages, ({ sender }) => sender.port);
    expect(byPort.size).toBe(places.length + 1);
    for (const messages of byPort.values())
      if (messages[0]?.text !== 'marker') expect(messages.map((each) => each.text)).toEqual(FRAMES);
    expect(intake.refused).toEqual([]);
  });
});
