import type { Key, Session } from '../session.ts';
import { FewSessions } from './few-sessions.ts';
import { ManySessions } from './many-sessions.ts';
import { openOf } from './open-of.ts';

/** Puts a session among the open ones of its key. */
export function enter(session: Session): void {
  const { key } = session;
  if (key.open === null) key.open = new FewSessions(session);
  else key.open.add(session);
  relieve(key);
}

/** To be called when a key may have come to have very much open. */
export function relieve(key: Key): void {
  if (key.open?.crowded === true) key.open = new ManySessions(key.open.sessions());
}

/** Gives an open session another key. */
export function moveTo(session: Session, key: Key): void {
  const open = openOf(session);
  open.remove(session);
  if (open.size === 0) session.key.open = null;
  session.key = key;
  enter(session);
}
