import type { UserEvent } from '../../contract/event.ts';
import type { Key, Session } from '../session.ts';

/** The open session of which a note tells, null where there is none. It is no sign of life of that. */
export function notedSession({ open }: Key, { sessionKey, virtualProxy }: UserEvent): Session | null {
  const named = sessionKey === null ? null : (open?.withSessionKey(sessionKey) ?? null);
  return named ?? open?.newest(virtualProxy) ?? null;
}
