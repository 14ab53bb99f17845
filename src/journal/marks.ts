import { crc32 } from 'node:zlib';

/** All that fit into a positive number of JavaScript's bitwise operators. */
const BITS = 31;

/**
 * 32 bits of a name, never 0, which stands for null. A name has another number in each generation of names, but always the
 * same mark. Different names may share one, so the name must be compared too.
 */
export function markOf(name: string | null): number {
  return name === null ? 0 : crc32(name) || 1;
}

/** One of 31 bits of a name, no bit for null: enough to tell the few hosts and virtual proxies of a site apart. */
export function bitOf(name: string | null): number {
  return name === null ? 0 : 1 << (markOf(name) % BITS);
}
