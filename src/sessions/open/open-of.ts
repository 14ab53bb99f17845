import type { OpenSessions, Session } from '../session.ts';

/** The open sessions among which this one is. */
export function openOf(session: Session): OpenSessions {
  const open = session.key.open;
  if (open === null) throw new Error(`session ${session.id} is not open`);
  return open;
}
