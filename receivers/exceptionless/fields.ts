import type { User } from '../../src/contract/event.ts';
import { cut } from '../../src/formats/fields.ts';

/*
 * Fields of an event as clients send it. None of them is checked there: an identity may be an object, a text may be a megabyte.
 */

export type JsonObject = Readonly<Record<string, unknown>>;

const MOST_IDENTITY = 1_024;
const SESSION_KEY = /^[A-Za-z0-9-]{8,100}$/;

/** An empty one where it is none. */
export function objectOf(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

/** A text or a number, of which the first `most` characters are kept; null where it is blank or something else. */
export function textOf(value: unknown, most: number): string | null {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string') return null;
  const shown = cut(text, most).toWellFormed().replaceAll('\0', '').trim();
  return shown === '' ? null : shown;
}

export function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** A whole number that is exact. */
export function countOf(value: unknown): number | null {
  return Number.isSafeInteger(value) ? Number(value) : null;
}

/** What may be the key of a session. */
export function sessionKeyOf(value: unknown): string | null {
  return typeof value === 'string' && SESSION_KEY.test(value) ? value : null;
}

/** `DOMAIN\user`, or an id without a directory. */
export function userOf(value: unknown): User | null {
  const identity = textOf(value, MOST_IDENTITY);
  if (identity === null) return null;
  const slash = identity.indexOf('\\');
  const id = identity.slice(slash + 1);
  return slash > 0 && id !== ''
    ? { directory: identity.slice(0, slash), id }
    : { directory: null, id: identity };
}
