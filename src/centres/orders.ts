import type { EventItem, SessionItem } from '../journal/read/answers.ts';
import { sortableText } from '../journal/read/sessions/session-order.ts';
import type { SessionSort, SortDirection } from '../journal/read/sessions/session-sorts.ts';
import { SESSION_STATES } from '../journal/read/sessions/session-state.ts';

type Value = string | number | null;

const textOf = (text: string | null): Value => (text === null ? null : sortableText(text));

/** What each order looks at, as the journal's own does. */
const VALUES: Readonly<Record<SessionSort, (item: SessionItem) => Value>> = {
  started: ({ startedAt }) => startedAt,
  ended: ({ endedAt }) => endedAt,
  lastActivity: ({ lastActivityAt }) => lastActivityAt,
  duration: ({ durationSeconds }) => durationSeconds,
  user: ({ user }) => (user === null ? null : sortableText(`${user.directory ?? ''}\0${user.id}`)),
  host: ({ host }) => textOf(host),
  virtualProxy: ({ virtualProxy }) => textOf(virtualProxy),
  connections: ({ connections }) => connections,
  openConnections: ({ openConnections }) => openConnections,
  browser: ({ browser }) => textOf(browser),
  os: ({ os }) => textOf(os),
  state: ({ state }) => SESSION_STATES.indexOf(state),
};

/**
 * The order of sessions of several centres: those without a value close it, and of equals the one that began last comes first. In the order of
 * `started` each centre has those first of which it heard last, which is nearly the same.
 */
export function sessionOrder(
  sort: SessionSort,
  direction: SortDirection,
): (a: SessionItem, b: SessionItem) => number {
  const sign = direction === 'asc' ? 1 : -1;
  const read = VALUES[sort];
  return (one, other) => {
    const [a, b] = [read(one), read(other)];
    if (a === b) return compared(other.startedAt, one.startedAt);
    if (a === null) return 1;
    if (b === null) return -1;
    return sign * compared(a, b);
  };
}

/** Newest first, as they came in. */
export function eventOrder(one: EventItem, other: EventItem): number {
  return compared(other.receivedAt, one.receivedAt) || compared(other.at, one.at);
}

function compared<Of extends string | number>(a: Of, b: Of): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
