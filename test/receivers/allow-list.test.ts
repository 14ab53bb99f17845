import { describe, expect, it } from 'vitest';
import { AllowList, type Lookup } from '../../receivers/allow-list.ts';
import { udpSchema } from '../../receivers/udp/udp.ts';
import { partsUnderTest, recordingLog } from './receivers-under-test.ts';

function listOf(entries: readonly string[], lookup?: Lookup) {
  const { log, lines } = recordingLog();
  const { allow } = udpSchema.parse({ type: 'udp', allow: entries });
  return { list: new AllowList(allow, partsUnderTest('udp', log), lookup), lines };
}

const CASES: readonly (readonly [entry: string, allowed: string[], refused: string[]])[] = [
  ['10.1.2.3', ['10.1.2.3', '::ffff:10.1.2.3'], ['10.1.2.4', '::ffff:10.1.2.4', '::10.1.2.3', '::1']],
  ['10.1.0.0/16', ['10.1.0.0', '10.1.255.255', '::ffff:10.1.7.7'], ['10.0.255.255', '10.2.0.0', '::a01:1']],
  ['::ffff:10.1.2.3', ['10.1.2.3', '::ffff:10.1.2.3'], ['10.1.2.4']],
  ['::ffff:10.1.0.0/112', ['10.1.2.3', '::ffff:10.1.2.3'], ['10.2.0.0', '::ffff:10.2.0.0']],
  ['0.0.0.0/0', ['1.2.3.4', '::ffff:1.2.3.4'], ['::1', '2001:db8::1']],
  ['::/0', ['::1', '2001:db8::1', 'fe80::1%eth0'], ['1.2.3.4', '::ffff:1.2.3.4']],
  ['2001:db8::/32', ['2001:db8::1', '2001:db8:ffff::'], ['2001:db9::1', '2001:db7:ffff::', '1.2.3.4']],
  ['2001:DB8:0:0:0:0:0:1', ['2001:db8::1'], ['2001:db8::2']],
  ['fe80::1', ['fe80::1', 'fe80::1%eth0', 'fe80::1%eth1'], ['fe80::2%eth0']],
  ['fe80::1%eth0', ['fe80::1%eth0'], ['fe80::1', 'fe80::1%eth1', 'fe80::1%eth', 'fe80::1%ipv4']],
  ['fe80::%eth0/64', ['fe80::1%eth0', 'fe80::abcd%eth0'], ['fe80::1%eth1', 'fe80:1::1%eth0', '10.1.2.3']],
];

describe('an allow-list', () => {
  it.each(CASES)('with %s allows these senders and no others', (entry, allowed, refused) => {
    const { list } = listOf([entry]);
    // Twice: the second answer is a remembered one.
    for (const address of [...allowed, ...allowed]) expect(list.allows(address), address).toBe(true);
    for (const address of [...refused, ...refused]) expect(list.allows(address), address).toBe(false);
  });

  it('is everyone where it is empty, and nobody who is not understood elsewhere', () => {
    expect(listOf([]).list.allows('1.2.3.4')).toBe(true);
    const { list } = listOf(['0.0.0.0/0', '::/0']);
    for (const address of ['', 'node1', '1.2.3', '1.2.3.4.5', '::ffff:1.2.3.256', ':::'])
      expect(list.allows(address), address).toBe(false);
  });

  it('answers the same for more senders than it remembers', () => {
    const { list } = listOf(['10.0.0.0/9']);
    for (let n = 0; n < 25_000; n += 1) {
      const address = `10.${n % 256}.${(n >> 8) % 256}.1`;
      expect(list.allows(address)).toBe(n % 256 < 128);
    }
  });
});

describe('a name in an allow-list', () => {
  it('allows all addresses it stands for, until it stands for others', async () => {
    let answer = ['10.0.0.1', '2001:db8::1'];
    const { list } = listOf(['node1', '10.9.9.9'], async () => answer);
    await list.start();
    const allowed = () =>
      ['10.0.0.1', '::ffff:10.0.0.1', '2001:db8::1', '10.0.0.2', '10.9.9.9'].map((a) => list.allows(a));
    expect(allowed()).toEqual([true, true, true, false, true]);
    answer = ['10.0.0.2'];
    await list.refresh();
    expect(allowed()).toEqual([false, false, false, true, true]);
  });

  it('keeps its last good answer while it cannot be looked up, and says so once', async () => {
    let lookup: Lookup = async () => ['10.0.0.1'];
    const { list, lines } = listOf(['node1'], (name) => lookup(name));
    await list.start();
    lookup = () => Promise.reject(new Error('queryA ETIMEOUT node1'));
    await list.refresh();
    lookup = async () => [];
    await list.refresh();
    expect(list.allows('10.0.0.1')).toBe(true);
    expect(lines.filter(({ level }) => level === 'warn')).toEqual([
      {
        level: 'warn',
        fields: { receiver: 'udp', name: 'node1', error: 'queryA ETIMEOUT node1', allowed: ['10.0.0.1'] },
        message: 'a name of "allow" cannot be looked up: its last addresses stay allowed',
      },
    ]);
  });

  it('allows nobody while it was never looked up, loudly, and does not touch the other entries', async () => {
    let known = false;
    const { list, lines } = listOf(['node1', 'node2', '10.9.9.9'], async (name) => {
      if (name === 'node1' && !known) throw new Error('getaddrinfo ENOTFOUND node1');
      return [name === 'node1' ? '10.0.0.1' : '10.0.0.2'];
    });
    await list.start();
    expect(['10.0.0.1', '10.0.0.2', '10.9.9.9'].map((a) => list.allows(a))).toEqual([false, true, true]);
    expect(lines.filter(({ level }) => level === 'warn').map(({ message }) => message)).toEqual([
      'a name of "allow" cannot be looked up: nobody is allowed by it until it can',
    ]);
    known = true;
    await list.refresh();
    expect(list.allows('10.0.0.1')).toBe(true);
  });

  it('is looked up by the system where nothing else is given', async () => {
    const { list } = listOf(['localhost']);
    await list.start();
    expect(list.allows('127.0.0.1') || list.allows('::1')).toBe(true);
    expect(list.allows('10.0.0.1')).toBe(false);
  });
});
