import type { Kind } from '../event.ts';

/**
 * What the message of each kind contains. The first four are the filters of the peer's shipped
 * `LocalLogConfig.xml`, so they are in every session and connection line that comes from it; the fifth is
 * the repository's text for a user with too many sessions.
 */
export const SENTENCES: Readonly<Record<Kind, string>> = {
  session_start: "Start session for user '",
  session_stop: "Stop session for user '",
  connection_open: 'connection Opened for session',
  connection_close: 'connection Closed for session',
  session_rejected: "Access was denied for User: '",
};

/** The two beginnings of a rejection's message. */
export const ACCESS_DENIED = 'Access was denied for User:';
export const LOGIN_DENIED = 'Login access denied for SessionID:';

/** True where the sentence goes on with `<directory>\<user>'`: what proves which fields are the user's. */
export function namesUser(kind: Kind): boolean {
  return kind !== 'connection_open' && kind !== 'connection_close';
}

/**
 * True where the message that starts at `from` starts as Sense starts it. Then no `;` has shifted the fields
 * before it: a shifted line has a piece of a field in front of the sentence, and a `;` behind that piece.
 */
export function startsAsMessage(line: string, from: number, kind: Kind): boolean {
  if (kind === 'session_rejected') {
    return line.startsWith(ACCESS_DENIED, from) || line.startsWith(LOGIN_DENIED, from);
  }
  const sentence = SENTENCES[kind];
  if (namesUser(kind)) return line.startsWith(sentence, from);
  // Words of their own stand before these two.
  const at = line.indexOf(sentence, from);
  return at >= 0 && line.lastIndexOf(';', at) < from;
}
