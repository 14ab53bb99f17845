import { describe, expect, it } from 'vitest';
import { recordingLog, until } from '../receivers-under-test.ts';
import { openSender, startReceiver } from './under-test.ts';

describe('the UDP receiver with an allow-list', () => {
  it.each(['127.0.0.1', '::ffff:127.0.0.1', '127.0.0.0/8', '0.0.0.0/0'])(
    'hears who is on it (%s), also where IPv4 comes in its mapped form',
    async (entry) => {
      const { intake, port } = await startReceiver({ host: '::', allow: [entry] });
      (await openSender('udp4')).send('hello', port, '127.0.0.1');
      await until(() => intake.messages.length === 1);
      expect(intake.messages[0]?.sender.address).toBe('127.0.0.1');
    },
  );

  it('counts a datagram of anyone else as received and refused, and says whose it was', async () => {
    const { receiver, intake, port } = await startReceiver({ host: '127.0.0.1', allow: ['192.0.2.0/24'] });
    const sender = await openSender('udp4');
    for (let n = 0; n < 50; n += 1) sender.send('hello', port, '127.0.0.1');
    await until(() => intake.refused.length === 50);
    expect(intake.messages).toEqual([]);
    expect(new Set(intake.refused)).toEqual(new Set(['not_allowed']));
    expect(receiver.stats()).toMatchObject({ received: 50, refused: { not_allowed: 50 } });
    expect(new Set(intake.samples)).toEqual(new Set(['udp: 5 bytes from 127.0.0.1']));
  });

  it('allows a name by the addresses it stands for', async () => {
    const { intake, port } = await startReceiver({ host: '::', allow: ['localhost'] });
    const sender = await openSender('udp4');
    const six = await openSender('udp6').catch(() => null);
    sender.send('four', port, '127.0.0.1');
    six?.send('six', port, '::1');
    // Whichever of them localhost is.
    await until(() => intake.messages.length >= 1);
  });

  it('allows a name by the addresses that it stands for now', async () => {
    let addresses = ['192.0.2.1'];
    const allow = ['sense1.example.com'];
    const config = { host: '127.0.0.1', allow };
    const { receiver, intake, port } = await startReceiver(config, recordingLog().log, async () => addresses);
    const sender = await openSender('udp4');
    sender.send('hello', port, '127.0.0.1');
    await until(() => intake.refused.length === 1);
    addresses = ['127.0.0.1'];
    await receiver.lookAgain?.();
    await until(() => {
      sender.send('hello', port, '127.0.0.1');
      return intake.messages.length > 0;
    });
  });

  it('starts, deaf to a name that cannot be looked up, and says so', async () => {
    const { log, lines } = recordingLog();
    const allow = ['headcount.invalid', '127.0.0.1'];
    const { intake, port } = await startReceiver({ host: '127.0.0.1', allow }, log);
    expect(lines.map(({ message }) => message)).toContain(
      'a name of "allow" cannot be looked up: nobody is allowed by it until it can',
    );
    (await openSender('udp4')).send('hello', port, '127.0.0.1');
    await until(() => intake.messages.length === 1);
  });
});
