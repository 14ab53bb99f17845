import { isIPv4 } from 'node:net';
import { z } from 'zod';
import { isHost, isIpAddress } from '../src/contract/host.ts';
import { text } from '../src/contract/settings.ts';
import { addressOf, bitsOf, type Family, WIDTH } from './address.ts';

const MOST_ENTRIES = 10_000;

const entry = text('an address, a network such as "10.1.0.0/16", or a host name').transform(
  (input, context): AllowedEntry => {
    const parsed = parseAllowed(input);
    if (!('problem' in parsed)) return parsed;
    context.addIssue({ code: 'custom', message: parsed.problem, input });
    return z.NEVER;
  },
);

/** Key `allow` of a receiver: addresses, networks and names that may send; empty is everyone. */
export function allow() {
  return z.array(entry).max(MOST_ENTRIES, `expected at most ${MOST_ENTRIES} entries`).prefault([]);
}

/** A network; one address is one too. */
export interface AllowedNetwork {
  readonly address: string;
  readonly prefix: number;
  readonly family: Family;
  /** `eth0` of `fe80::1%eth0`; null is any. */
  readonly zone: string | null;
}

/** Who may send: a network, or whoever a name stands for. */
export type AllowedEntry = AllowedNetwork | { readonly name: string };

interface Problem {
  /** Begins with `expected`. */
  readonly problem: string;
}

const EXPECTED = 'expected an address, a network such as "10.1.0.0/16", or a host name';
const MAPPED_PREFIX = 96;

/** Reads an entry of `allow`. */
export function parseAllowed(text: string): AllowedEntry | Problem {
  const [place = '', bits, ...more] = text.split('/');
  if (more.length > 0) return { problem: EXPECTED };
  if (bits !== undefined) return parseNetwork(place, bits);
  if (isIpAddress(place)) return networkOf(place, isIPv4(place) ? WIDTH.ipv4 : WIDTH.ipv6);
  // As a name it would let nobody in, and nothing would say why.
  if (/^[\d.]+-[\d.]+$/.test(place)) {
    return { problem: 'expected single addresses or networks such as "192.0.2.0/27", a range is none' };
  }
  return isHost(place) ? { name: place } : { problem: EXPECTED };
}

function parseNetwork(place: string, bits: string): AllowedEntry | Problem {
  if (!isIpAddress(place)) return { problem: 'expected an address before the "/"' };
  const most = isIPv4(place) ? WIDTH.ipv4 : WIDTH.ipv6;
  const prefix = /^(0|[1-9]\d{0,2})$/.test(bits) ? Number(bits) : Number.NaN;
  if (!(prefix <= most)) return { problem: `expected a whole number from 0 to ${most} after the "/"` };
  const network = networkOf(place, prefix);
  if (network.prefix < 0) return { problem: 'expected at least /96 after an IPv4 address written as IPv6' };
  const hostBits = BigInt(WIDTH[network.family] - network.prefix);
  const first = addressOf((bitsOf(network.address) >> hostBits) << hostBits, network.family);
  if (first === network.address) return network;
  // `10.1.2.3/8` may be meant as one address or as sixteen million.
  return { problem: `expected the network "${first}/${network.prefix}" or the address "${place}"` };
}

/** IPv4 in its mapped form becomes IPv4. */
function networkOf(place: string, prefix: number): AllowedNetwork {
  const [address = '', zone = null] = place.split('%');
  const bits = bitsOf(address);
  const isMapped = bits >> 32n === 0xffffn;
  if (!isMapped && !isIPv4(place)) return { address: addressOf(bits, 'ipv6'), prefix, family: 'ipv6', zone };
  const ipv4 = addressOf(bits & 0xffff_ffffn, 'ipv4');
  return { address: ipv4, prefix: isMapped ? prefix - MAPPED_PREFIX : prefix, family: 'ipv4', zone: null };
}
