import type { UserEvent } from './event.ts';
import type { Key, OrphanStop } from './identities.ts';
import type { Connection, Session } from './session.ts';
import { copied } from './string-pool.ts';

/** Of each kind of thing a key remembers, the last so many. Bounds memory and the cost of a line. */
const REMEMBERED = 64;

/** A session that ended by time-out or age: a later line may correct that. */
export function rememberTimeOut(session: Session): void {
  session.key.timedOut = withNew(session.key.timedOut, session);
}

export function forgetTimeOut(session: Session): void {
  session.key.timedOut = without(session.key.timedOut, session);
}

/** A connection that a Stop closed: its own Close may still come. */
export function rememberClosedByStop(connection: Connection): void {
  connection.closedByStop = true;
  const { key } = connection.session;
  key.closedByStop = withNew(key.closedByStop, connection);
}

export function forgetClosedByStop(connection: Connection): void {
  connection.closedByStop = false;
  const { key } = connection.session;
  key.closedByStop = without(key.closedByStop, connection);
}

/** A Stop without session: a late Start may pair with it. `seq` is its number in the journal. */
export function rememberOrphanStop(key: Key, event: UserEvent, seq: number): void {
  const { at, receivedAt, timed } = event;
  const sessionKey = event.sessionKey === null ? null : copied(event.sessionKey);
  const virtualProxy = event.virtualProxy === null ? null : copied(event.virtualProxy);
  key.orphanStops = withNew(key.orphanStops, { at, receivedAt, timed, sessionKey, virtualProxy, seq });
}

export function forgetOrphanStop(key: Key, stop: OrphanStop): void {
  key.orphanStops = without(key.orphanStops, stop);
}

function withNew<T>(list: T[] | null, entry: T): T[] {
  if (list === null) return [entry];
  if (list.length >= REMEMBERED) list.shift();
  list.push(entry);
  return list;
}

function without<T>(list: T[] | null, entry: T): T[] | null {
  const left = (list ?? []).filter((each) => each !== entry);
  return left.length === 0 ? null : left;
}
