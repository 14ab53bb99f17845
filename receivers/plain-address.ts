import { isIPv4 } from 'node:net';

const MAPPED = '::ffff:';

/** As `Sender.address` promises: without a zone, IPv4 never in its mapped form. */
export function plainAddress(address: string): string {
  const zone = address.indexOf('%');
  const plain = zone < 0 ? address : address.slice(0, zone);
  const tail = plain.slice(MAPPED.length);
  return plain.startsWith(MAPPED) && isIPv4(tail) ? tail : plain;
}
