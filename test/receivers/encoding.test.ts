import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { encoding } from '../../receivers/encoding.schema.ts';
import { until } from './receivers-under-test.ts';
import { openClient, startReceiver as startTcp } from './tcp/under-test.ts';
import { openSender, startReceiver as startUdp } from './udp/under-test.ts';

describe('the encoding of a receiver', () => {
  it.each([
    [{}, undefined],
    [{ encoding: 'windows-1251' }, 'windows-1251'],
  ])('comes with every line: %j', async (config, expected) => {
    const tcp = await startTcp(config);
    (await openClient(tcp.port)).end('one\n');
    const udp = await startUdp(config);
    (await openSender('udp4')).send('one', udp.port, '127.0.0.1');
    for (const { intake } of [tcp, udp]) {
      await until(() => intake.messages.length === 1);
      expect(intake.messages[0]?.sender.encoding).toBe(expected);
    }
  });

  it('is a code page of Windows by the name that decoders know', () => {
    const schema = z.strictObject({ encoding: encoding() });
    expect(schema.parse({ encoding: 'shift_jis' })).toEqual({ encoding: 'shift_jis' });
    expect(schema.parse({})).toEqual({});
    for (const other of ['cp1250', 'utf-16', 1250, null])
      expect(schema.safeParse({ encoding: other }).success).toBe(false);
  });
});
