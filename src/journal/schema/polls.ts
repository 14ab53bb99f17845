import { KEY, NUMBER, NUMBER_OR_NULL, Table, TEXT, TEXT_OR_NULL } from './table.ts';

/*
 * Polls: who is on, as proxy services said. A list of sessions hardly changes from one poll to the next, so a session is stored
 * once for all polls running that show it. Names stand as text: there are few rows, and they outlive generations of names.
 */

/** Every virtual proxy of a host that was asked. */
export const POLLED_PROXIES = new Table(
  'polled_proxies',
  { number: KEY, host: TEXT, virtual_proxy: TEXT },
  { constraint: 'UNIQUE (host, virtual_proxy)', since: 3 },
);

/**
 * Each poll, in the order in which they ended. `seen` is how many sessions of it are stored, `seen_before` how many were of all
 * polls before it: that numbers every session of every poll, for sinks that get them one by one.
 */
export const POLLS = new Table(
  'polls',
  {
    number: KEY,
    proxy: NUMBER,
    /** When it was asked. */
    at: NUMBER,
    duration_ms: NUMBER,
    /** Null where there was an answer. */
    error: TEXT_OR_NULL,
    sessions: NUMBER_OR_NULL,
    users: NUMBER_OR_NULL,
    seen: NUMBER,
    seen_before: NUMBER,
  },
  {
    indexes: [
      'CREATE INDEX polls_at ON polls (at)',
      'CREATE INDEX polls_proxy ON polls (proxy, at)',
      'CREATE INDEX polls_seen ON polls (seen_before)',
    ],
    since: 3,
  },
);

/** Stands for a poll that has yet to come. */
export const NO_POLL_YET = Number.MAX_SAFE_INTEGER;

/** Sessions that polls showed: in all good polls of the virtual proxy from `first_poll` on and before `gone_poll`. */
export const SEEN_SESSIONS = new Table(
  'seen_sessions',
  {
    id: KEY,
    proxy: NUMBER,
    session_id: TEXT,
    user_directory: TEXT_OR_NULL,
    /** Null where nobody is known. */
    user_id: TEXT_OR_NULL,
    first_poll: NUMBER,
    gone_poll: NUMBER,
  },
  { indexes: ['CREATE INDEX seen_sessions_proxy ON seen_sessions (proxy, gone_poll)'], since: 3 },
);

/**
 * Whole answers, excluded users too, only until the sinks that want them have them. The last row stays without its
 * sessions, so that its number is never given again. `at`: when it ended; `sessions`: JSON; `server`: what was asked, without
 * port; `answer`: as it came.
 */
export const UNFILTERED_POLLS = new Table(
  'unfiltered_polls',
  {
    ...{ number: KEY, at: NUMBER, asked_at: NUMBER, host: TEXT, virtual_proxy: TEXT, sessions: TEXT_OR_NULL },
    server: { ...TEXT_OR_NULL, since: 5 },
    answer: { ...TEXT_OR_NULL, since: 5 },
  },
  { since: 3 },
);
