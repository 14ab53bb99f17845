import { z } from 'zod';

const NAME =
  /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*\.?$/i;
const ZONE = /%[a-z0-9._-]{1,32}$/i;
const ipv4 = z.ipv4();
const ipv6 = z.ipv6();

/** True for an IPv4 or IPv6 literal. An IPv6 one may carry a zone (`fe80::1%eth0`), but no brackets. */
export function isIpAddress(text: string): boolean {
  return ipv4.safeParse(text).success || ipv6.safeParse(text.replace(ZONE, '')).success;
}

/** True for an IP literal or a name that DNS or Windows may know. `127.0.0.256` is neither. */
export function isHost(text: string): boolean {
  return isIpAddress(text) || (NAME.test(text) && !/(^|\.)\d+\.?$/.test(text));
}

/** True for `localhost` and the loopback addresses in all their spellings; false for every other name. */
export function isLoopback(host: string): boolean {
  if (host.toLowerCase() === 'localhost') return true;
  if (ipv4.safeParse(host).success) return host.startsWith('127.');
  const address = host.replace(ZONE, '');
  if (!ipv6.safeParse(address).success) return false;
  // A URL writes every spelling of an address in its shortest form.
  const shortest = new URL(`http://[${address}]`).hostname;
  return shortest === '[::1]' || /^\[::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}\]$/.test(shortest);
}

/** `host:port`, with brackets around an IPv6 literal. */
export function hostAndPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * What an address shares with all others of the same owner: an IPv4 address by itself, also where it is written as IPv6, and of an IPv6 one
 * the first 64 bits, since whoever has one address has 2^64 of them.
 */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1];
  if (mapped !== undefined || !address.includes(':')) return mapped ?? address;
  const [first, last = []] = address.split('::').map((part) => (part === '' ? [] : part.split(':')));
  const groups = [
    ...(first ?? []),
    ...Array(8)
      .fill('0')
      .slice((first?.length ?? 0) + last.length),
    ...last,
  ];
  return groups.slice(0, 4).join(':');
}

/** The host that stands for an application whose key has this name. A dot would end the name of a host. */
export function hostOfApplication(name: string): string {
  return name.trim().toLowerCase().normalize('NFC').replaceAll('.', '-');
}
