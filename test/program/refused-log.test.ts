import { createSocket } from 'node:dgram';
import { pino } from 'pino';
import { afterEach, expect, it } from 'vitest';
import { createUdpReceiver, udpSchema } from '../../receivers/udp/udp.ts';
import { TroubleLog } from '../../src/trouble-log.ts';
import { pipelineUnderTest } from '../intake/pipeline-under-test.ts';
import { portOf, until } from '../receivers/receivers-under-test.ts';

const toClose: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0)) await close();
});

const LINE_LIMIT = 1_000;
const GARBAGE: readonly ((n: number) => Buffer)[] = [
  () => Buffer.alloc(0),
  (n) => Buffer.from(`garbage ${n}`),
  (n) => Buffer.from(`/qseow-proxy-session/;node${n}`, 'utf16le'),
  (n) => Buffer.from(`/qseow-proxy-session/;node1;Explode\r\n\u001b[31m\u202e;LAB;anna${n};x;y;z`),
  (n) => Buffer.from(`/qseow-proxy-session/;node1;Start session;LAB;${'x'.repeat(20_000)};a;b;${n}`),
  (n) => Buffer.from([0xff, 0xfe, n & 0xff]),
];

/** The log as the program writes it, over a pipeline. */
function logUnderTest() {
  const written: string[] = [];
  const troubles = new TroubleLog(pino({ base: null }, { write: (text: string) => written.push(text) }));
  const onTrouble = (kind: string, sample: string) => troubles.note(kind, sample);
  const { pipeline } = pipelineUnderTest([], onTrouble);
  return { written, troubles, onTrouble, pipeline };
}

it('a hundred thousand refused datagrams of many senders in ten minutes are fewer than 100 short lines', () => {
  const { written, troubles, pipeline } = logUnderTest();
  for (let n = 0; n < 100_000; n += 1) {
    const garbage = GARBAGE[n % GARBAGE.length] as (typeof GARBAGE)[number];
    const sender = { address: `198.51.${n % 256}.${(n >> 8) % 256}`, port: 1024 + (n % 60_000) };
    pipeline.receive(garbage(n), sender, n);
    if (n % 10_000 < 9_999) continue;
    pipeline.work();
    troubles.flush();
  }
  const { received, refused, accepted } = pipeline.counters;
  expect([received, accepted]).toEqual([100_000, 0]);
  expect(refused.size).toBeGreaterThanOrEqual(4);
  expect(written.length).toBeLessThan(100);
  const entries = written.map((text) => JSON.parse(text));
  for (const [n, { sample }] of entries.entries()) {
    expect(sample).toContain('198.51.');
    expect((written[n] as string).length).toBeLessThan(LINE_LIMIT);
    expect((written[n] as string).trimEnd()).not.toMatch(/\p{C}/u);
  }
  const logged = entries.reduce((sum, { count = 1 }) => sum + count, 0);
  expect(logged).toBe(100_000);
});

it('thousands of datagrams from whom it is not allowed are one line a minute, which says who and what', async () => {
  const { written, troubles, onTrouble, pipeline } = logUnderTest();
  const config = udpSchema.parse({ type: 'udp', host: '127.0.0.1', port: 0, allow: ['192.0.2.1'] });
  const log = { info: () => {}, warn: () => {} };
  const receiver = createUdpReceiver(config, {
    name: 'udp',
    now: Date.now,
    folder: '.',
    log,
    trouble: onTrouble,
    storeId: 's',
    isFull: () => false,
  });
  toClose.push(() => receiver.stop());
  await receiver.start(pipeline);
  const socket = createSocket('udp4');
  toClose.push(() => socket.close());
  const send = (bytes: Buffer) =>
    new Promise((sent) => socket.send(bytes, portOf(receiver), '127.0.0.1', sent));
  for (let burst = 0; burst < 30; burst += 1) {
    for (let n = 0; n < 100; n += 1) await send(Buffer.from('hello'));
    await until(() => receiver.stats().received === 100 * (burst + 1));
  }
  troubles.flush();
  expect(written.map((text) => JSON.parse(text))).toMatchObject([
    { kind: 'not_allowed', means: 'the sender is not allowed', sample: 'udp: 5 bytes from 127.0.0.1' },
    {
      kind: 'not_allowed',
      means: 'the sender is not allowed',
      count: 2_999,
      sample: 'udp: 5 bytes from 127.0.0.1',
    },
  ]);
  expect(pipeline.counters.refused).toEqual(new Map([['not_allowed', 3_000]]));
});
