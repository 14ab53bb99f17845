import type { EventItem } from '../../journal/read/answers.ts';

export type EventKind = EventItem['kind'];

/** What happened, as the word after a user's name. */
export const KIND_WORDS: Readonly<Record<EventKind, string>> = {
  session_start: 'started',
  session_stop: 'ended',
  connection_open: 'opened',
  connection_close: 'closed',
  session_rejected: 'rejected',
  note: 'noted',
};

/** Why it happened, as a part of a sentence. */
export const EVENT_REASON_WORDS: Readonly<Record<NonNullable<EventItem['reason']>, string>> = {
  parallel_limit: 'too many sessions at once',
  no_licence: 'no licence',
  authentication: 'the log-in failed',
  denied: 'access was denied',
  snapshot: 'a poll showed it',
  restart: 'the proxy restarted',
};
