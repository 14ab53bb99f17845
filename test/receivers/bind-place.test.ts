import { describe, expect, it } from 'vitest';
import { plainAddress } from '../../receivers/address.ts';
import { receiverPlugin } from '../../receivers/index.ts';
import { bindPlace } from '../../receivers/listen.ts';
import { tcpSchema } from '../../receivers/tcp/tcp.schema.ts';
import { udpSchema } from '../../receivers/udp/udp.ts';
import { partsUnderTest, RecordingIntake } from './receivers-under-test.ts';

function systemError(code: string): Error {
  return Object.assign(new Error(`bind ${code}`), { code });
}

describe('binding', () => {
  it.each(['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EINVAL'])(
    'falls back to IPv4 where :: says %s',
    async (code) => {
      const bound = await bindPlace('udp', { host: '::', port: 9997 }, async (address, family) => {
        if (family === 6) throw systemError(code);
        return address;
      });
      expect(bound).toBe('0.0.0.0');
    },
  );

  it('does not fall back where the port is taken', async () => {
    const tried: string[] = [];
    const bind = async (address: string) => {
      tried.push(address);
      throw systemError('EADDRINUSE');
    };
    await expect(bindPlace('udp', { host: '::', port: 9997 }, bind)).rejects.toThrow(
      'udp [::]:9997: address already in use (is another Headcount or Butler running?)',
    );
    expect(tried).toEqual(['::']);
  });

  it.each([
    [
      udpSchema.parse({ type: 'udp', host: '192.0.2.1', port: 0 }),
      'udp 192.0.2.1:0: this machine has no such address',
    ],
    [
      tcpSchema.parse({ type: 'tcp', host: '192.0.2.1', port: 0 }),
      'tcp 192.0.2.1:0: this machine has no such address',
    ],
    [
      udpSchema.parse({ type: 'udp', host: 'nowhere.invalid', port: 0 }),
      /^udp nowhere\.invalid:0: (no such name|the name could not be looked up)$/,
    ],
  ])('says what is wrong with an address, and can be stopped then: %#', async (config, message) => {
    const receiver = receiverPlugin(config).create(config, partsUnderTest(config.type));
    await expect(receiver.start(new RecordingIntake())).rejects.toThrow(message);
    await receiver.stop();
    expect(receiver.stats()).toMatchObject({ name: config.type, listening: [], received: 0 });
  });
});

describe('the address of a sender', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::ffff:10.1.2.3', '10.1.2.3'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::ffff:0:1', '::ffff:0:1'],
    ['2001:db8::1', '2001:db8::1'],
  ])('%s is %s', (address, plain) => {
    expect(plainAddress(address)).toBe(plain);
  });
});
