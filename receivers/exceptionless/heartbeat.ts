import type { User } from '../../src/contract/event.ts';
import { sessionKeyOf, userOf } from './fields.ts';

/** Who beats: a session by its key, or by its user, where nothing tells which of the two the name is. */
export interface Beat {
  readonly sessionKey: string | null;
  readonly user: User | null;
  /** The session is over. */
  readonly close: boolean;
}

/** Keys that clients make up. */
const MADE_UP_KEY = /^[0-9a-f]{32}$/i;

/**
 * Reads the query of a heartbeat; null where it names nobody. Clients do not escape the name, so a `+` is a plus, and what is no
 * escape is taken as it is. `close` comes last, whatever the name has in it.
 */
export function readBeat(url: string): Beat | null {
  const at = url.indexOf('?');
  let id: string | null = null;
  let close = false;
  for (const pair of at < 0 ? [] : url.slice(at + 1).split('&')) {
    const equals = pair.indexOf('=');
    const name = pair.slice(0, equals).toLowerCase();
    const value = pair.slice(equals + 1);
    if (name === 'id') id ??= unescaped(value);
    if (name === 'close') close = value.toLowerCase() === 'true';
  }
  const user = userOf(id);
  if (id === null || user === null) return null;
  return { sessionKey: sessionKeyOf(id), user: MADE_UP_KEY.test(id) ? null : user, close };
}

/** Runs of escapes that are UTF-8; others stay. */
function unescaped(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => {
    try {
      return decodeURIComponent(run);
    } catch {
      return run;
    }
  });
}
