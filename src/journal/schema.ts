import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Raised when a table changes its meaning; a journal with another number is refused, never rewritten. */
export const FORMAT = 1;

/*
 * Names (hosts, apps, contexts, ...) and users stand once in `strings` and `users`; rows hold their numbers,
 * 0 for unknown. Times are milliseconds since 1970 UTC. `events` has no index but its number: time ranges go
 * by `seq`, since arrival time rises with it; the events of a session are chained by `previous`.
 */
const TABLES = `
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
CREATE TABLE sessions (
  id INTEGER PRIMARY KEY, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL,
  host INTEGER NOT NULL, user INTEGER NOT NULL, session_key INTEGER NOT NULL, virtual_proxy INTEGER NOT NULL,
  user_agent INTEGER NOT NULL, created_at INTEGER NOT NULL, started_at INTEGER NOT NULL, flags INTEGER NOT NULL,
  synthesised_at INTEGER, last_activity_at INTEGER NOT NULL,
  ended_at INTEGER, end_reason INTEGER, ended_seen_at INTEGER,
  connections INTEGER NOT NULL, open_connections INTEGER NOT NULL, last_connection INTEGER NOT NULL
);
CREATE INDEX sessions_ended ON sessions (ended_seen_at) WHERE ended_seen_at IS NOT NULL;
CREATE INDEX sessions_open ON sessions (id) WHERE ended_seen_at IS NULL;
CREATE TABLE connections (
  id INTEGER PRIMARY KEY, session INTEGER NOT NULL, app INTEGER NOT NULL, opened_at INTEGER NOT NULL,
  closed_at INTEGER, close_exact INTEGER NOT NULL, previous INTEGER NOT NULL
);
CREATE INDEX connections_open ON connections (session) WHERE closed_at IS NULL;
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

/** Bits of `sessions.flags`. */
export const FLAGS = { startExact: 1, startTimed: 2, endExact: 4, identityExact: 8 } as const;

/** The journal's file cannot be used: another format, damaged, or not ours. The message is one clear line. */
export class JournalError extends Error {}

export function journalFile(directory: string): string {
  return join(directory, 'headcount.db');
}

/**
 * Opens the journal's file in `directory`, creating both where they are missing.
 * @throws JournalError where there is a file that is not a journal of this format; it is left as it is.
 */
export function openJournalFile(directory: string, now: number): DatabaseSync {
  mkdirSync(directory, { recursive: true });
  const file = journalFile(directory);
  const database = new DatabaseSync(file);
  try {
    configure(database);
    prepareTables(database, now);
    return database;
  } catch (error) {
    database.close();
    if (error instanceof JournalError) throw new JournalError(`${file}: ${error.message}`);
    throw new JournalError(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** For writers: a commit is on the disk when it returns. */
export function configure(database: DatabaseSync): void {
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 10000');
  database.exec('PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 4000');
}

function prepareTables(database: DatabaseSync, now: number): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
  if (version === FORMAT) return;
  const tables = Number(database.prepare('SELECT count(*) AS n FROM sqlite_master').get()?.['n']);
  if (version !== 0) {
    throw new JournalError(
      `format ${version}, this version of Headcount reads format ${FORMAT}; nothing was changed`,
    );
  }
  if (tables > 0) throw new JournalError('a database of another program; nothing was changed');
  const insert = 'INSERT INTO meta (key, value) VALUES (?, ?)';
  database.exec(`BEGIN; ${TABLES}; PRAGMA user_version = ${FORMAT}`);
  database.prepare(insert).run('store', randomBytes(6).toString('hex'));
  database.prepare(insert).run('since', String(now));
  database.exec('COMMIT');
}
