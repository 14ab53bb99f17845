import type { FilteredTable } from '../../src/contract/sink.ts';
import type { QuestDbHttp } from './http.ts';

interface View {
  readonly name: string;
  readonly of: FilteredTable;
  readonly sql: string;
}

/**
 * Who was on, in one cell for each poll, also where that is nobody; Butler SOS writes both measurements so. A UNION, because a
 * filter on `ts` reaches both tables through it, unlike through a JOIN. Not `string_distinct_agg`: QuestDB 9.3.4 dies of it
 * where a statement is prepared and not run.
 */
const USER_SESSION_SUMMARY = `SELECT ts, store, host "user_session_host", virtual_proxy "user_session_virtual_proxy",
  max(sessions) "session_count", string_agg(user_full, ',') "session_user_id_list"
FROM (SELECT ts, store, host, virtual_proxy, sessions, NULL::VARCHAR user_full FROM session_snapshots
  UNION ALL SELECT DISTINCT ts, store, host, virtual_proxy, NULL::LONG sessions,
    CASE WHEN user_directory IS NULL THEN user_id ELSE user_directory || '\\' || user_id END user_full
  FROM snapshot_sessions)
GROUP BY ts, store, host, virtual_proxy`;

/**
 * Of the Headcounts of one site the highest number, so that what two of them count is there once, and what one of them missed is there. By the
 * second, so that it keeps its designated timestamp.
 */
const SITE_COUNTS = `SELECT ts, site, scope, name, ${[
  ...['active', 'users', 'connections', 'created', 'destroyed', 'rejected'],
  ...['sessions_low', 'sessions_high', 'users_low', 'users_high'],
]
  .map((column) => `max(${column}) "${column}"`)
  .join(', ')}
FROM session_counts SAMPLE BY 1s`;

const WRITERS = `SELECT store, coalesce(last(site), store::VARCHAR) site, min(ts) since, max(ts) seen
  FROM session_counts WHERE scope = 'site' GROUP BY store`;

/**
 * Until when each store wrote, and until when somebody knew of the sessions that it wrote last: another Headcount of the site that was there
 * already when it ended goes on with them.
 */
const STORE_TIMES = `SELECT own.store store, own.site site, max(own.seen) seen, max(other.seen) known
FROM (${WRITERS}) own JOIN (${WRITERS}) other ON own.site = other.site
WHERE other.since <= own.seen GROUP BY own.store, own.site`;

/** `user_events` and those of `user_session_...` have the columns that users of Butler SOS know. */
const VIEWS: readonly View[] = [
  {
    name: 'user_events',
    of: 'session_events',
    sql: `SELECT ts, site, store, host,
  CASE kind WHEN 'session_start' THEN 'Start session' WHEN 'session_stop' THEN 'Stop session'
    WHEN 'connection_open' THEN 'Open connection' WHEN 'connection_close' THEN 'Close connection' END "event_action",
  CASE WHEN user_directory IS NULL THEN user_id ELSE user_directory || '\\' || user_id END "userFull",
  user_directory "userDirectory", user_id "userId", origin "origin", app_id "appId", app_name "appName",
  browser "uaBrowserName", browser_version "uaBrowserMajorVersion", os "uaOsName", os_version "uaOsVersion"
FROM session_events WHERE kind != 'session_rejected' AND kind != 'note'`,
  },
  { name: 'active_sessions', of: 'sessions', sql: 'SELECT * FROM sessions WHERE ended_at IS NULL' },
  {
    name: 'session_list',
    of: 'sessions',
    sql: `SELECT *, datediff('s', started_at, coalesce(ended_at, now())) "duration_seconds"
FROM sessions WHERE end_reason IS NULL OR end_reason != 'excluded'`,
  },
  { name: 'site_counts', of: 'session_counts', sql: SITE_COUNTS },
  { name: 'store_times', of: 'session_counts', sql: STORE_TIMES },
  { name: 'user_session_summary', of: 'snapshot_sessions', sql: USER_SESSION_SUMMARY },
  { name: 'user_session_list', of: 'snapshot_sessions', sql: USER_SESSION_SUMMARY },
  {
    name: 'user_session_details',
    of: 'snapshot_sessions',
    sql: `SELECT ts, store, host "user_session_host", virtual_proxy "user_session_virtual_proxy",
  session_id "user_session_id", user_directory "user_session_user_directory", user_id "user_session_user_id",
  session_id, user_directory, user_id FROM snapshot_sessions`,
  },
];

/** Creates the views of a table that are missing, and replaces those with another text. */
export async function createViews(
  http: QuestDbHttp,
  table: FilteredTable,
  signal: AbortSignal,
): Promise<void> {
  const views = VIEWS.filter((view) => view.of === table);
  if (views.length === 0) return;
  const names = views.map(({ name }) => `'${name}'`).join(', ');
  const rows = await http.query(
    `SELECT view_name, view_sql FROM views() WHERE view_name IN (${names})`,
    signal,
  );
  const present = new Map(rows.map(([name, sql]) => [name, sql]));
  for (const { name, sql } of views) {
    if (present.get(name) !== sql) await http.query(`CREATE OR REPLACE VIEW "${name}" AS (${sql})`, signal);
  }
}
