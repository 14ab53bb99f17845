/** Raised when a table changes its meaning; a journal with another number is refused, never rewritten. */
export const FORMAT = 3;

/*
 * Names (hosts, apps, contexts, ...) and users stand once in `strings` and `users`; rows hold their numbers,
 * 0 for unknown. Times are milliseconds since 1970 UTC. `events` has no index but its number: time ranges go
 * by `seq`, since arrival time rises with it; the events of a session are chained by `previous`.
 * What searches need beyond that: marks.ts, session-blocks.ts, event-blocks.ts.
 */
export const TABLES = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE strings (id INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE INDEX strings_text ON strings (text);
CREATE TABLE users (
  number INTEGER PRIMARY KEY, directory TEXT, id TEXT NOT NULL,
  folded_directory TEXT NOT NULL, folded_id TEXT NOT NULL
);
CREATE INDEX users_folded ON users (folded_id, folded_directory);
CREATE TABLE generations (first_seq INTEGER PRIMARY KEY, first_string INTEGER NOT NULL, first_user INTEGER NOT NULL);
CREATE TABLE events (
  seq INTEGER PRIMARY KEY,
  kind INTEGER NOT NULL, at INTEGER NOT NULL, timed INTEGER NOT NULL, received_at INTEGER NOT NULL,
  host INTEGER NOT NULL, user INTEGER NOT NULL, origin INTEGER NOT NULL, context INTEGER NOT NULL,
  app INTEGER NOT NULL, virtual_proxy INTEGER NOT NULL, user_agent INTEGER NOT NULL, session_key INTEGER NOT NULL,
  session INTEGER NOT NULL, previous INTEGER NOT NULL, outcome INTEGER NOT NULL, reason INTEGER NOT NULL,
  result INTEGER, row_number INTEGER, original_at INTEGER, message TEXT, event_id TEXT
);
CREATE TABLE event_blocks (
  block INTEGER PRIMARY KEY, at_from INTEGER NOT NULL, at_to INTEGER NOT NULL, kinds INTEGER NOT NULL,
  users BLOB, strings BLOB
);
CREATE TABLE sessions (
  id INTEGER PRIMARY KEY, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL,
  host INTEGER NOT NULL, user INTEGER NOT NULL, session_key INTEGER NOT NULL, virtual_proxy INTEGER NOT NULL,
  user_agent INTEGER NOT NULL, created_at INTEGER NOT NULL, started_at INTEGER NOT NULL, flags INTEGER NOT NULL,
  synthesised_at INTEGER, last_activity_at INTEGER NOT NULL,
  ended_at INTEGER, end_reason INTEGER, ended_seen_at INTEGER,
  connections INTEGER NOT NULL, open_connections INTEGER NOT NULL, last_connection INTEGER NOT NULL,
  arrived_at INTEGER NOT NULL, last_seen_at INTEGER NOT NULL, epoch INTEGER NOT NULL
);
CREATE INDEX sessions_ended ON sessions (ended_seen_at) WHERE ended_seen_at IS NOT NULL;
CREATE INDEX sessions_open ON sessions (id) WHERE ended_seen_at IS NULL;
CREATE TABLE session_blocks (
  block INTEGER PRIMARY KEY, started_from INTEGER NOT NULL, ended_to INTEGER NOT NULL,
  hosts INTEGER NOT NULL, proxies INTEGER NOT NULL, users BLOB
);
CREATE TABLE connections (
  id INTEGER PRIMARY KEY, session INTEGER NOT NULL, app INTEGER NOT NULL, app_mark INTEGER NOT NULL,
  opened_at INTEGER NOT NULL, closed_at INTEGER, close_exact INTEGER NOT NULL, previous INTEGER NOT NULL
);
CREATE INDEX connections_open ON connections (id) WHERE closed_at IS NULL;
CREATE INDEX connections_app ON connections (app_mark, session) WHERE app_mark <> 0;
CREATE TABLE dimensions (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE points (
  dimension INTEGER NOT NULL, step INTEGER NOT NULL, at INTEGER NOT NULL,
  created INTEGER NOT NULL, destroyed INTEGER NOT NULL, rejected INTEGER NOT NULL, duration_ms INTEGER NOT NULL,
  active INTEGER, users INTEGER, connections INTEGER,
  PRIMARY KEY (dimension, step, at)
) WITHOUT ROWID;
CREATE TABLE checkpoint (
  id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL, at INTEGER NOT NULL, state TEXT NOT NULL
);
`;

/*
 * What sinks follow besides `events`: which sessions and events changed, and what was counted, each under a number
 * that only rises. `at`: our clock before it changed, in `counts` the second that was counted.
 */
export const LOGS = `
CREATE TABLE IF NOT EXISTS session_changes (number INTEGER PRIMARY KEY, at INTEGER NOT NULL, session INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS event_changes (number INTEGER PRIMARY KEY, at INTEGER NOT NULL, seq INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS counts (
  number INTEGER PRIMARY KEY, at INTEGER NOT NULL, dimension INTEGER NOT NULL,
  created INTEGER NOT NULL, destroyed INTEGER NOT NULL, rejected INTEGER NOT NULL,
  active INTEGER, users INTEGER, connections INTEGER
);
CREATE INDEX IF NOT EXISTS counts_second ON counts (dimension, at);
`;

/** Values of `connections.close_exact`. */
export const CLOSE = { guessed: 0, exact: 1, byStop: 2 } as const;

/** Bits of `sessions.flags`. */
export const FLAGS = { startExact: 1, startTimed: 2, endExact: 4, identityExact: 8 } as const;
