import type { Blacklist } from '../contract/blacklist.ts';
import type { User } from '../contract/event.ts';
import { foldName } from '../contract/fold-name.ts';
import type { FailedPoll, KeptPoll, Snapshot } from '../contract/snapshot.ts';

const MOST_ERROR = 500;

/** What is kept of a good answer. Whom the rules exclude is neither listed nor counted, and is in no count of users. */
export function keptSnapshot(snapshot: Snapshot, blacklist: Blacklist): KeptPoll {
  const { host, virtualProxy, at, durationMs, hidden, keepsUsers, whole } = snapshot;
  const sessions = snapshot.sessions.filter(({ user }) => !blacklist.excludes(user));
  return {
    ...{ host, virtualProxy, at, durationMs, error: null },
    sessions: sessions.length,
    users: new Set(sessions.flatMap(({ user }) => (user === null ? [] : [keyOf(user)]))).size,
    seen: keepsUsers ? sessions : [],
    unfiltered: keepsUsers ? [...snapshot.sessions, ...hidden] : null,
    whole: keepsUsers ? whole : undefined,
  };
}

/** What is kept of a poll without an answer. */
export function keptFailure({ host, virtualProxy, at, durationMs, error }: FailedPoll): KeptPoll {
  const nothing = { sessions: null, users: null, seen: [], unfiltered: null };
  return { host, virtualProxy, at, durationMs, error: error.slice(0, MOST_ERROR), ...nothing };
}

function keyOf({ directory, id }: User): string {
  return foldName(`${directory ?? ''}\\${id}`);
}
