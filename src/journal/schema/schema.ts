import { EDGES } from './edges.ts';
import { EVENT_LINES } from './event-lines.ts';
import { EVENT_BLOCKS, EVENTS } from './events.ts';
import { COUNTS, DIMENSIONS, POINTS } from './points.ts';
import { POLLED_PROXIES, POLLS, SEEN_SESSIONS, UNFILTERED_POLLS } from './polls.ts';
import { CONNECTIONS, SESSION_BLOCKS, SESSIONS } from './sessions.ts';
import { KEY, NUMBER, Table, TEXT, TEXT_OR_NULL } from './table.ts';

/**
 * The format that this version writes. Raised with each column, table or step that is new (`since`); CONTRIBUTING.md says how.
 * A store of an earlier format is upgraded when it is opened, one of a later format is refused.
 */
export const FORMAT = 6;
/** The first format that can still be upgraded. */
export const OLDEST_FORMAT = 2;

/*
 * Names (hosts, apps, contexts, ...) and users stand once in `strings` and `users`; records hold their numbers,
 * 0 for unknown. Times are milliseconds since 1970 UTC. What searches need beyond that: marks.ts, session-blocks.ts, event-blocks.ts.
 */

export const META = new Table(
  'meta',
  { key: { ...TEXT, sql: 'TEXT PRIMARY KEY' }, value: TEXT },
  { isWithoutRowid: true },
);

export const STRINGS = new Table(
  'strings',
  { id: KEY, text: TEXT },
  { indexes: ['CREATE INDEX strings_text ON strings (text)'] },
);

export const USERS = new Table(
  'users',
  { number: KEY, directory: TEXT_OR_NULL, id: TEXT, folded_directory: TEXT, folded_id: TEXT },
  { indexes: ['CREATE INDEX users_folded ON users (folded_id, folded_directory)'] },
);

/** Where a generation of names begins. */
export const GENERATIONS = new Table('generations', {
  first_seq: KEY,
  first_string: NUMBER,
  first_user: NUMBER,
});

/** The state of the tracker once all events up to `seq` are folded in. */
export const CHECKPOINT = new Table('checkpoint', {
  id: { ...KEY, sql: 'INTEGER PRIMARY KEY CHECK (id = 1)' },
  seq: NUMBER,
  at: NUMBER,
  state: TEXT,
});

/*
 * What sinks follow besides `events`: which sessions and events changed, and what was counted, each under a number
 * that only rises. `at`: our clock before it changed, in `counts` the second that was counted.
 */

export const SESSION_CHANGES = new Table('session_changes', { number: KEY, at: NUMBER, session: NUMBER });
export const EVENT_CHANGES = new Table('event_changes', { number: KEY, at: NUMBER, seq: NUMBER });

/** A table, whatever its columns. */
export type StoredTable = Pick<Table, 'name' | 'create' | 'additions'>;

/** A store of format 2 that was begun before there were sinks lacks these. */
export const LOGS: readonly StoredTable[] = [SESSION_CHANGES, EVENT_CHANGES, COUNTS];

export const TABLES: readonly StoredTable[] = [
  META,
  STRINGS,
  USERS,
  GENERATIONS,
  EVENTS,
  EVENT_BLOCKS,
  SESSIONS,
  SESSION_BLOCKS,
  CONNECTIONS,
  DIMENSIONS,
  POINTS,
  CHECKPOINT,
  POLLED_PROXIES,
  POLLS,
  SEEN_SESSIONS,
  UNFILTERED_POLLS,
  EVENT_LINES,
  EDGES,
  ...LOGS,
];
