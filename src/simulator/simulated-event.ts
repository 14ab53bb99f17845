import type { Kind, User } from '../core/event.ts';
import type { Person } from './people.ts';
import type { Step } from './visit.ts';

/** What happened at the site. Times are milliseconds on the simulated clock. */
export interface SimulatedEvent {
  readonly kind: Exclude<Kind, 'session_rejected'>;
  readonly at: number;
  readonly host: string;
  readonly user: User;
  /** True identity of the session; on the wire it is its `ProxySessionId`. */
  readonly sessionKey: string;
  /** Numbers the connections of a session from 1; `null` for a session event. */
  readonly connection: number | null;
  readonly appId: string | null;
  readonly origin: string | null;
  readonly context: string | null;
  readonly userAgent: string | null;
  /** True on the last event of a session whose user leaves without a log-out. */
  readonly abandons: boolean;
}

/** Whose event it is. */
interface Visitor {
  readonly person: Person;
  readonly user: User;
  readonly host: string;
  readonly key: string;
}

/** A step of a visit as an event; no step is the log-in. Stops and some Closes carry no user agent, as seen live. */
export function describe(
  visitor: Visitor,
  step: Step | null,
  appId: string | null,
  at: number,
  abandons: boolean,
): SimulatedEvent {
  const { host, user, key: sessionKey, person } = visitor;
  const kind = step?.kind ?? 'session_start';
  const connection = step?.connection ?? null;
  const isQuiet = kind === 'session_stop' || (kind === 'connection_close' && (connection ?? 0) % 2 === 0);
  return {
    kind,
    at,
    host,
    user,
    sessionKey,
    connection,
    appId,
    origin: appId === null ? null : 'AppAccess',
    context: appId === null ? null : contextOf(appId),
    userAgent: isQuiet ? null : person.userAgent,
    abandons,
  };
}

function contextOf(appId: string): string {
  return `/app/${appId}?reloadUri=https%3A%2F%2Fsense.example.com%2Fsense%2Fapp%2F${appId}`;
}
