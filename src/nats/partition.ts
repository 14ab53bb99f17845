import type { User } from '../contract/event.ts';
import { foldName } from '../contract/fold-name.ts';

/** Between the parts of a key: no name has it. */
const BETWEEN = '\u001f';

/**
 * Which of `count` partitions an event belongs to, from 0: all of one user, however its name is spelt. Lines without a
 * user go by their host. FNV-1a of 32 bits over UTF-16, and the last step of MurmurHash3, since the low bits of FNV-1a alone are uneven.
 */
export function partitionOf(host: string, user: User | null, count: number): number {
  const key = user === null ? host : `${foldName(user.directory ?? '')}${BETWEEN}${foldName(user.id)}`;
  let hash = 0x811c9dc5;
  for (let place = 0; place < key.length; place += 1) {
    hash = Math.imul(hash ^ key.charCodeAt(place), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % count;
}
