import { isIPv4 } from 'node:net';

const MAPPED = '::ffff:';

/** As `Sender.address` promises: without a zone, IPv4 never in its mapped form. */
export function plainAddress(address: string): string {
  const zone = address.indexOf('%');
  const plain = zone < 0 ? address : address.slice(0, zone);
  const tail = plain.slice(MAPPED.length);
  return plain.startsWith(MAPPED) && isIPv4(tail) ? tail : plain;
}

export type Family = 'ipv4' | 'ipv6';

export const WIDTH: Readonly<Record<Family, number>> = { ipv4: 32, ipv6: 128 };

/** An IP literal without a zone as one number. */
export function bitsOf(address: string): bigint {
  if (isIPv4(address)) return address.split('.').reduce((bits, byte) => (bits << 8n) | BigInt(byte), 0n);
  // A URL writes every spelling of an address in the same way, and without dots.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const [first, last] = [groupsOf(head), groupsOf(tail ?? '')];
  const zeros = Array<string>(8 - first.length - last.length).fill('0');
  return [...first, ...zeros, ...last].reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n);
}

function groupsOf(part: string): string[] {
  return part === '' ? [] : part.split(':');
}

/** The shortest spelling. */
export function addressOf(bits: bigint, family: Family): string {
  if (family === 'ipv4') return [24n, 16n, 8n, 0n].map((shift) => (bits >> shift) & 255n).join('.');
  const groups = Array.from({ length: 8 }, (_, at) => (bits >> BigInt(112 - 16 * at)) & 0xffffn);
  return new URL(`http://[${groups.map((group) => group.toString(16)).join(':')}]`).hostname.slice(1, -1);
}
