import type { DatabaseSync } from 'node:sqlite';
import type { LineWords, SessionCountsRow, SessionEventRow, SessionRow } from '../contract/rows.ts';
import type { Cells } from '../journal/schema/selection.ts';
import type { Feed, IsExcluded, Row } from './feed.ts';
import { type Log, LogFeed } from './log-feed.ts';
import { createPollFeeds } from './poll-feeds.ts';
import {
  ACCEPTED_EVENTS,
  countsBy,
  dimensionOf,
  EVENTS_WITH_WORDS,
  eventsBy,
  type RowReader,
  sessionsBy,
} from './row-reader.ts';

/** Where events stand. */
const EVENT_LOG = {
  log: 'events',
  oldestEvent: 'SELECT min(seq) AS n FROM events WHERE seq > ?',
  number: 'seq',
  committed: 'received_at',
  tickMs: 1,
  lookBack: 1,
} as const;

/** The logs that sinks follow, in the order they are delivered in. */
export function createFeeds(
  database: DatabaseSync,
  reader: RowReader,
  isExcluded: IsExcluded = () => false,
): Feed[] {
  const { names } = reader;
  const [events, changedEvents] = [eventsBy('e.seq'), eventsBy('c.number')];
  const [sessions, oneSession] = [sessionsBy('c.number'), sessionsBy('0')];
  const counts = countsBy('c.number');
  const event = {
    toEntry: (cells: Cells) => {
      const record = events.record(cells, names);
      return { number: Number(record.number), row: reader.event(record) };
    },
    latest: {
      sql: `SELECT ${events.list} FROM events e WHERE e.seq = ?`,
      keyOf: (row: Row) => [(row as SessionEventRow).seq],
    },
  };
  const logs: Log[] = [
    {
      name: 'events',
      table: 'session_events',
      ...EVENT_LOG,
      rows: `SELECT ${events.list} FROM events e WHERE e.seq > ? AND e.seq <= ? ORDER BY e.seq`,
      ...event,
    },
    {
      name: 'event_changes',
      table: 'session_events',
      log: 'event_changes',
      oldestEvent: 'SELECT min(seq) AS n FROM event_changes WHERE number > ?',
      number: 'number',
      committed: 'at',
      tickMs: 1,
      lookBack: 1,
      rows: `SELECT ${changedEvents.list} FROM event_changes c
        JOIN events e ON e.seq = c.seq WHERE c.number > ? AND c.number <= ? ORDER BY c.number`,
      ...event,
    },
    {
      name: 'event_lines',
      table: 'event_lines',
      log: 'event_lines',
      oldestEvent: 'SELECT min(number) AS n FROM event_lines WHERE number > ?',
      number: 'number',
      lastOfEmpty: 'SELECT max(seq) AS n FROM events',
      committed: 'at',
      tickMs: 1,
      lookBack: 1,
      rows: `SELECT ${EVENTS_WITH_WORDS.list} FROM event_lines l
        JOIN events e ON e.seq = l.number WHERE l.number > ? AND l.number <= ? ORDER BY l.number`,
      toEntry: (cells) => {
        const record = EVENTS_WITH_WORDS.record(cells, names);
        const line = record.words === null ? null : (JSON.parse(String(record.words)) as LineWords);
        return { number: Number(record.number), row: { ...reader.event(record), line } };
      },
    },
    {
      name: 'accepted_events',
      table: 'accepted_events',
      ...EVENT_LOG,
      rows: `SELECT ${ACCEPTED_EVENTS.list} FROM events e WHERE e.seq > ? AND e.seq <= ? ORDER BY e.seq`,
      toEntry: (cells) => {
        const record = ACCEPTED_EVENTS.record(cells, names);
        return { number: Number(record.number), row: reader.accepted(record) };
      },
    },
    {
      name: 'session_changes',
      table: 'sessions',
      log: 'session_changes',
      number: 'number',
      committed: 'at',
      tickMs: 1,
      lookBack: 1,
      // A session that changed often is written once.
      rows: `SELECT ${sessions.list} FROM (SELECT max(number) AS number, session FROM session_changes
          WHERE number > ? AND number <= ? GROUP BY session) c
        JOIN sessions s ON s.id = c.session ORDER BY c.number`,
      toEntry: (cells) => {
        const record = sessions.record(cells, names);
        return { number: Number(record.number), row: reader.session(record) };
      },
      latest: {
        sql: `SELECT ${oneSession.list} FROM sessions s WHERE s.id = ?`,
        keyOf: (row) => [reader.numberOf(row as SessionRow)],
      },
    },
    {
      name: 'counts',
      table: 'session_counts',
      log: 'counts',
      number: 'number',
      committed: 'at',
      tickMs: 1000,
      // The second that was counted: of a late line, days ago.
      lookBack: 5_000,
      rows: `SELECT ${counts.list} FROM counts c WHERE c.number > ? AND c.number <= ? ORDER BY c.number`,
      toEntry: (cells) => {
        const record = counts.record(cells, names);
        return { number: Number(record.number), row: reader.counts(record) };
      },
      // A late line may have changed that second since.
      latest: {
        sql: `SELECT ${counts.list} FROM counts c
          WHERE c.dimension = (SELECT id FROM dimensions WHERE name = ?) AND c.at = ?
          ORDER BY c.number DESC LIMIT 1`,
        keyOf: (row) => [dimensionOf(row as SessionCountsRow), (row as SessionCountsRow).at / 1000],
      },
    },
  ];
  return [
    ...logs.map((log) => new LogFeed(database, log, isExcluded)),
    ...createPollFeeds(database, isExcluded),
  ];
}
