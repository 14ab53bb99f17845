import type { SessionSort, SortDirection } from './session-sorts.ts';

/** The place of a session in an order. */
export interface Place {
  /** What it is sorted by; null comes last. */
  readonly value: string | number | null;
  readonly id: number;
}

/** Where a page of sorted sessions ended, with the time up to which open sessions had lasted: ms since 1970 UTC. */
export interface PageEnd extends Place {
  readonly now: number;
}

/** `NUMBER.REST`, where the rest is JSON in base64url. */
export function cursorOf({ value, id, now }: PageEnd, sort: SessionSort, direction: SortDirection): string {
  const rest = Buffer.from(JSON.stringify([sort, direction, now, value])).toString('base64url');
  return `${id}.${rest}`;
}

/** Null where it is no cursor of that order. */
export function readCursor(cursor: string, sort: SessionSort, direction: SortDirection): PageEnd | null {
  const [id, rest] = cursor.split('.');
  if (rest === undefined) return null;
  const known = parsed(Buffer.from(rest, 'base64url').toString());
  if (!Array.isArray(known)) return null;
  const [itsSort, itsDirection, now, value] = known as unknown[];
  if (itsSort !== sort || itsDirection !== direction || !Number.isSafeInteger(now)) return null;
  if (typeof value !== 'string' && typeof value !== 'number' && value !== null) return null;
  return { value, id: Number(id), now: Number(now) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
