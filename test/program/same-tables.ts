import type { Program } from './program.ts';

type Json = Record<string, unknown>;
type Query = (sql: string) => Promise<Json[]>;

/** Every item of a list of the API, oldest first. */
export async function allItems(program: Program, path: string): Promise<Json[]> {
  const items: Json[] = [];
  let cursor: string | null = null;
  do {
    const page: { items: Json[]; nextCursor: string | null } = await program.get(
      `${path}?limit=1000${cursor === null ? '' : `&cursor=${cursor}`}`,
    );
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return items.reverse();
}

/** The events of both, in the same words: what differs is a fault. */
export async function eventsOfBoth(program: Program, query: Query): Promise<{ api: Json[]; sql: Json[] }> {
  const items = await allItems(program, '/api/v1/events');
  const api = items.map(({ user, browser, os, ...rest }) => ({
    ...rest,
    ...userColumns(user as Json | null),
    browser: words(browser),
    os: words(os),
  }));
  const rows = await query('SELECT * FROM session_events ORDER BY seq');
  const sql = rows.map((row) => ({
    seq: row['seq'],
    eventId: row['event_id'],
    kind: row['kind'],
    at: milliseconds(row['ts']),
    originalAt: milliseconds(row['original_at']),
    receivedAt: milliseconds(row['received_at']),
    host: row['host'],
    virtualProxy: row['virtual_proxy'],
    origin: row['origin'],
    context: row['context'],
    appId: row['app_id'],
    appName: row['app_name'],
    sessionId: row['session_id'],
    result: row['result'],
    reason: row['reason'],
    message: row['message'],
    noteType: row['note_type'],
    source: row['note_source'],
    level: row['note_level'],
    value: row['note_value'],
    count: row['note_count'],
    version: row['app_version'],
    userName: row['user_name'],
    directory: row['user_directory'],
    userId: row['user_id'],
    browser: words(row['browser'], row['browser_version']),
    os: words(row['os'], row['os_version']),
  }));
  return { api, sql };
}

/** The sessions of both, in the same words. */
export async function sessionsOfBoth(program: Program, query: Query): Promise<{ api: Json[]; sql: Json[] }> {
  const items = await allItems(program, '/api/v1/sessions');
  // What QuestDB has no column of, or where it is of the moment of the question.
  const unlike = ['durationSeconds', 'apps', 'class', 'state', 'doubtful'];
  const api = items.map(({ user, browser, os, ...rest }) => ({
    ...Object.fromEntries(Object.entries(rest).filter(([name]) => !unlike.includes(name))),
    ...userColumns(user as Json | null),
    browser: words(browser),
    os: words(os),
  }));
  const rows = await query("SELECT * FROM sessions WHERE end_reason IS NULL OR end_reason != 'excluded'");
  const sql = rows.map((row) => ({
    id: row['session_id'],
    host: row['host'],
    virtualProxy: row['virtual_proxy'],
    startedAt: milliseconds(row['started_at']),
    startExact: row['start_exact'],
    endedAt: milliseconds(row['ended_at']),
    endReason: row['end_reason'],
    endExact: row['end_exact'],
    identityExact: row['identity_exact'],
    application: row['application'],
    lastActivityAt: milliseconds(row['last_activity_at']),
    openConnections: row['open_connections'],
    connections: row['connections'],
    directory: row['user_directory'],
    userId: row['user_id'],
    browser: words(row['browser'], row['browser_version']),
    os: words(row['os'], row['os_version']),
  }));
  return { api: byId(api), sql: byId(sql) };
}

function byId(rows: Json[]): Json[] {
  return rows.toSorted((a, b) => String(a['id']).localeCompare(String(b['id']), 'en', { numeric: true }));
}

function userColumns(user: Json | null): Json {
  return { directory: user?.['directory'] ?? null, userId: user?.['id'] ?? null };
}

function words(...parts: unknown[]): string {
  return parts.filter((part) => part !== null && part !== undefined).join(' ');
}

/** QuestDB writes microseconds. */
function milliseconds(time: unknown): string | null {
  return time === null ? null : String(time).replace(/000Z$/, 'Z');
}
