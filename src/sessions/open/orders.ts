import type { Connection, Session } from '../session.ts';

export type Start = Pick<Session, 'startedAt' | 'id'>;

/** The order that *oldest* and *newest* speak of. */
export function byStart(a: Start, b: Start): number {
  return a.startedAt - b.startedAt || a.id - b.id;
}

export type Opening = Pick<Connection, 'openedAt' | 'id'>;

/** The order that *newest connection* speaks of. */
export function byOpening(a: Opening, b: Opening): number {
  return a.openedAt - b.openedAt || a.id - b.id;
}
