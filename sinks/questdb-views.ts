import type { Table } from '../src/core/sink.ts';
import type { QuestDbHttp } from './questdb-http.ts';

interface View {
  readonly name: string;
  readonly of: Table;
  readonly sql: string;
}

/** `user_events` has the columns that users of Butler SOS know. */
const VIEWS: readonly View[] = [
  {
    name: 'user_events',
    of: 'session_events',
    sql: `SELECT ts, store, host,
  CASE kind WHEN 'session_start' THEN 'Start session' WHEN 'session_stop' THEN 'Stop session'
    WHEN 'connection_open' THEN 'Open connection' WHEN 'connection_close' THEN 'Close connection' END "event_action",
  CASE WHEN user_directory IS NULL THEN user_id ELSE user_directory || '\\' || user_id END "userFull",
  user_directory "userDirectory", user_id "userId", origin "origin", app_id "appId", app_name "appName",
  browser "uaBrowserName", browser_version "uaBrowserMajorVersion", os "uaOsName", os_version "uaOsVersion"
FROM session_events WHERE kind != 'session_rejected'`,
  },
  { name: 'active_sessions', of: 'sessions', sql: 'SELECT * FROM sessions WHERE ended_at IS NULL' },
  {
    name: 'session_list',
    of: 'sessions',
    sql: `SELECT *, datediff('s', started_at, coalesce(ended_at, now())) "duration_seconds"
FROM sessions WHERE end_reason IS NULL OR end_reason != 'excluded'`,
  },
];

/** Creates the views of a table that are missing, and replaces those with another text. */
export async function createViews(http: QuestDbHttp, table: Table, signal: AbortSignal): Promise<void> {
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
