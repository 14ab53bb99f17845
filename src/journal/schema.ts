import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { databaseTrouble } from './database-trouble.ts';

/** Raised when a table changes its meaning; a journal with another number is refused, never rewritten. */
export const FORMAT = 2;

/*
 * Names (hosts, apps, contexts, ...) and users stand once in `strings` and `users`; rows hold their numbers,
 * 0 for unknown. Times are milliseconds since 1970 UTC. `events` has no index but its number: time ranges go
 * by `seq`, since arrival time rises with it; the events of a session are chained by `previous`.
 * What searches need beyond that: marks.ts, session-blocks.ts, event-blocks.ts.
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
  connections INTEGER NOT NULL, open_connections INTEGER NOT NULL, last_connection INTEGER NOT NULL
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
const LOGS = `
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
  let database: DatabaseSync | null = null;
  try {
    // Before SQLite opens it: opening alone may already change a file, or the log beside it.
    checkJournalFile(file);
    database = new DatabaseSync(file);
    prepareTables(database, now);
    configure(database);
    return database;
  } catch (error) {
    database?.close();
    throw new JournalError(`${file}: ${databaseTrouble(error)}`);
  }
}

const MAGIC = 'SQLite format 3\0';
/** https://sqlite.org/fileformat2.html#the_database_header */
const HEADER_BYTES = 100;
const USER_VERSION_AT = 60;
const APPLICATION_ID_AT = 68;
/** "HdCt" */
const APPLICATION_ID = 0x48644374;

/** @throws JournalError where there is a file that is not a journal of this format */
export function checkJournalFile(file: string): void {
  const header = Buffer.alloc(HEADER_BYTES);
  let read = 0;
  try {
    const handle = openSync(file, 'r');
    read = readSync(handle, header);
    closeSync(handle);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
    throw error;
  }
  if (read === 0) return;
  if (read < HEADER_BYTES || header.toString('latin1', 0, MAGIC.length) !== MAGIC) {
    throw new JournalError('not a database, or damaged; nothing was changed');
  }
  if (header.readUInt32BE(APPLICATION_ID_AT) !== APPLICATION_ID) {
    throw new JournalError('a database of another program; nothing was changed');
  }
  const format = header.readUInt32BE(USER_VERSION_AT);
  if (format === FORMAT) return;
  throw new JournalError(
    `format ${format}, this version of Headcount reads format ${FORMAT}; nothing was changed`,
  );
}

const MOST_LOG_BYTES = 64 * 1_048_576;

/** For writers: a commit is on the disk when it returns. */
export function configure(database: DatabaseSync): void {
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 10000');
  database.exec('PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 4000');
  // A long read may make the log large; the disk gets that back.
  database.exec(`PRAGMA journal_size_limit = ${MOST_LOG_BYTES}`);
}

/** Makes the tables that are missing; those of a new file before it has a write-ahead log: the header must be in the file itself. */
function prepareTables(database: DatabaseSync, now: number): void {
  const tables = Number(database.prepare('SELECT count(*) AS n FROM sqlite_master').get()?.['n']);
  if (tables > 0) {
    // Of a version before there were sinks.
    database.exec(LOGS);
    return;
  }
  const insert = 'INSERT INTO meta (key, value) VALUES (?, ?)';
  database.exec(`BEGIN; ${TABLES}${LOGS}`);
  database.prepare(insert).run('store', randomBytes(6).toString('hex'));
  database.prepare(insert).run('since', String(now));
  database.exec(`PRAGMA user_version = ${FORMAT}; PRAGMA application_id = ${APPLICATION_ID}; COMMIT`);
}
