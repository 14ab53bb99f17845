import { crc32 } from 'node:zlib';
import type { User } from '../core/event.ts';

/**
 * 32 bits of a name, never 0, which stands for null: what the indexes of sessions and connections hold. A name has another number
 * in each generation of names, but always the same mark. Different names may share one, so the name must be
 * compared too.
 */
export function markOf(name: string | null): number {
  return name === null ? 0 : crc32(name) || 1;
}

/** By the id alone, without case: an id is searched for in any directory, too. */
export function markOfUser(user: Pick<User, 'id'> | null): number {
  return user === null ? 0 : markOf(user.id.toLowerCase());
}
