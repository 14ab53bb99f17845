import { isIPv4, isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressOf, bitsOf } from '../../receivers/address.ts';
import { parseAllowed } from '../../receivers/allow.schema.ts';
import { udpSchema } from '../../receivers/udp/udp.ts';

const ipv4 = (address: string, prefix = 32) => ({ address, prefix, family: 'ipv4', zone: null });
const ipv6 = (address: string, prefix = 128, zone: string | null = null) => ({
  address,
  prefix,
  family: 'ipv6',
  zone,
});

describe('an entry of an allow-list', () => {
  it.each([
    ['10.1.2.3', ipv4('10.1.2.3')],
    ['10.1.0.0/16', ipv4('10.1.0.0', 16)],
    ['0.0.0.0/0', ipv4('0.0.0.0', 0)],
    ['2001:DB8:0:0::1', ipv6('2001:db8::1')],
    ['2001:db8::/32', ipv6('2001:db8::', 32)],
    ['::/0', ipv6('::', 0)],
    ['::ffff:10.1.2.3', ipv4('10.1.2.3')],
    ['::FFFF:0a01:0203', ipv4('10.1.2.3')],
    ['::ffff:10.1.0.0/112', ipv4('10.1.0.0', 16)],
    ['::ffff:0:0/96', ipv4('0.0.0.0', 0)],
    ['fe80::1%eth0', ipv6('fe80::1', 128, 'eth0')],
    ['fe80::%12/64', ipv6('fe80::', 64, '12')],
    ['sense-1.example.com', { name: 'sense-1.example.com' }],
    ['SENSE1', { name: 'SENSE1' }],
  ])('may be %s', (text, expected) => expect(parseAllowed(text)).toEqual(expected));

  it.each([
    ['192.0.2.7-20', 'expected single addresses or networks such as "192.0.2.0/27", a range is none'],
    ['10.1.2.3-10.1.2.9', 'expected single addresses or networks such as "192.0.2.0/27", a range is none'],
    ['10.1.2.3/33', 'expected a whole number from 0 to 32 after the "/"'],
    ['10.1.2.3/', 'expected a whole number from 0 to 32 after the "/"'],
    ['10.1.2.3/08', 'expected a whole number from 0 to 32 after the "/"'],
    ['10.1.2.3/255.255.0.0', 'expected a whole number from 0 to 32 after the "/"'],
    ['2001:db8::/129', 'expected a whole number from 0 to 128 after the "/"'],
    ['::ffff:10.0.0.0/8', 'expected at least /96 after an IPv4 address written as IPv6'],
    ['10.1.2.3/8', 'expected the network "10.0.0.0/8" or the address "10.1.2.3"'],
    ['2001:db8::1/32', 'expected the network "2001:db8::/32" or the address "2001:db8::1"'],
    ['node1/24', 'expected an address before the "/"'],
    ['10.1.2.3/8/8', 'expected an address, a network such as "10.1.0.0/16", or a host name'],
    ['10.1.2', 'expected an address, a network such as "10.1.0.0/16", or a host name'],
    ['010.1.2.3', 'expected an address, a network such as "10.1.0.0/16", or a host name'],
    ['10.1.2.256', 'expected an address, a network such as "10.1.0.0/16", or a host name'],
    ['10.1.*.*', 'expected an address, a network such as "10.1.0.0/16", or a host name'],
    ['10.1.2.3:9997', 'expected an address, a network such as "10.1.0.0/16", or a host name'],
    ['[::1]', 'expected an address, a network such as "10.1.0.0/16", or a host name'],
    ['*', 'expected an address, a network such as "10.1.0.0/16", or a host name'],
  ])('may not be %s', (text, problem) => expect(parseAllowed(text)).toEqual({ problem }));

  it('is refused by the schema with its place', () => {
    const { error } = udpSchema.safeParse({ type: 'udp', allow: ['10.0.0.1', '10.0.0.1/33', 10] });
    expect(error?.issues.map(({ path, message }) => [path.join('.'), message])).toEqual([
      ['allow.1', 'expected a whole number from 0 to 32 after the "/"'],
      ['allow.2', 'expected an address, a network such as "10.1.0.0/16", or a host name (put it in quotes)'],
    ]);
  });

  it('is a number and back for every address', () => {
    const address = fc.oneof(
      fc.ipV4().map((text) => [text, 'ipv4'] as const),
      fc.ipV6().map((text) => [text, 'ipv6'] as const),
    );
    fc.assert(
      fc.property(address, ([text, family]) => {
        const same = addressOf(bitsOf(text), family);
        expect(family === 'ipv4' ? isIPv4(same) : isIPv6(same)).toBe(true);
        expect(bitsOf(same)).toBe(bitsOf(text));
      }),
    );
  });
});
