import type { SenderBuffer } from '@questdb/nodejs-client';
import type { User } from '../src/core/event.ts';
import type { Client, Scope, SessionCountsRow, SessionEventRow, SessionRow } from '../src/core/rows.ts';
import type { Batch } from '../src/core/sink.ts';

/*
 * One function a table, straight into the client's buffer: this is the hot path. SYMBOL columns come first, because the
 * line protocol wants it so; what is null is left out, and is null in QuestDB, also where a row replaces another.
 */

/** QuestDB answers 500 to a row after this, as if it might go better later. */
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

const SCOPE_NAMES: { readonly [S in Scope]: string } = {
  all: 'site',
  host: 'host',
  virtualProxy: 'virtual_proxy',
  app: 'app',
};

/** Appends a row. Throws where it cannot be written, and leaves its beginning in the buffer. */
export function appendRow(buffer: SenderBuffer, { table, rows }: Batch, place: number, store: string): void {
  const row = rows[place];
  if (table === 'session_events') appendEvent(buffer, row as SessionEventRow, store);
  else if (table === 'sessions') appendSession(buffer, row as SessionRow, store);
  else appendCounts(buffer, row as SessionCountsRow, store);
}

function appendEvent(buffer: SenderBuffer, row: SessionEventRow, store: string): void {
  buffer.table('session_events').symbol('store', store).symbol('kind', row.kind);
  if (row.reason !== null) buffer.symbol('reason', row.reason);
  buffer.stringColumn('event_id', row.eventId).stringColumn('host', row.host);
  appendUser(buffer, row.user);
  appendText(buffer, 'origin', row.origin);
  appendText(buffer, 'context', row.context);
  appendText(buffer, 'app_id', row.appId);
  appendText(buffer, 'app_name', row.appName);
  appendText(buffer, 'virtual_proxy', row.virtualProxy);
  appendText(buffer, 'session_id', row.sessionId);
  appendInteger(buffer, 'result', row.result);
  appendInteger(buffer, 'row_number', row.rowNumber);
  appendTime(buffer, 'received_at', row.receivedAt);
  appendTime(buffer, 'original_at', row.originalAt);
  appendClient(buffer, row);
  appendText(buffer, 'user_agent', row.userAgent);
  appendText(buffer, 'message', row.message);
  appendInteger(buffer, 'seq', row.seq);
  endRow(buffer, row.at);
}

function appendSession(buffer: SenderBuffer, row: SessionRow, store: string): void {
  buffer.table('sessions').symbol('store', store);
  if (row.endReason !== null) buffer.symbol('end_reason', row.endReason);
  buffer.stringColumn('session_id', row.id).stringColumn('host', row.host);
  appendUser(buffer, row.user);
  appendText(buffer, 'virtual_proxy', row.virtualProxy);
  appendTime(buffer, 'started_at', row.startedAt);
  buffer.booleanColumn('start_exact', row.startExact);
  appendTime(buffer, 'ended_at', row.endedAt);
  buffer.booleanColumn('end_exact', row.endExact);
  buffer.booleanColumn('identity_exact', row.identityExact);
  appendTime(buffer, 'last_activity_at', row.lastActivityAt);
  appendInteger(buffer, 'open_connections', row.openConnections);
  appendInteger(buffer, 'connections', row.connections);
  appendClient(buffer, row);
  endRow(buffer, row.firstSeenAt);
}

function appendCounts(buffer: SenderBuffer, row: SessionCountsRow, store: string): void {
  buffer.table('session_counts').symbol('store', store).symbol('scope', SCOPE_NAMES[row.scope]);
  appendText(buffer, 'name', row.name);
  appendInteger(buffer, 'active', row.active);
  appendInteger(buffer, 'users', row.users);
  appendInteger(buffer, 'connections', row.connections);
  appendInteger(buffer, 'created', row.created);
  appendInteger(buffer, 'destroyed', row.destroyed);
  appendInteger(buffer, 'rejected', row.rejected);
  endRow(buffer, row.at);
}

function appendUser(buffer: SenderBuffer, user: User | null): void {
  if (user === null) return;
  const { directory, id } = user;
  appendText(buffer, 'user_directory', directory);
  buffer.stringColumn('user_id', id);
  const full = directory === null ? id : `${directory}\\${id}`;
  buffer.stringColumn('user_key', full.toLowerCase());
}

function appendClient(buffer: SenderBuffer, { browser, browserVersion, os, osVersion }: Client): void {
  appendText(buffer, 'browser', browser);
  appendText(buffer, 'browser_version', browserVersion);
  appendText(buffer, 'os', os);
  appendText(buffer, 'os_version', osVersion);
}

function appendText(buffer: SenderBuffer, column: string, text: string | null): void {
  if (text !== null) buffer.stringColumn(column, text);
}

/** The client would write `1e21i`, which QuestDB does not read. */
function appendInteger(buffer: SenderBuffer, column: string, value: number | null): void {
  if (value === null) return;
  if (!Number.isSafeInteger(value))
    throw new Error(`${column}: ${value} is not a whole number that is exact`);
  buffer.intColumn(column, value);
}

function appendTime(buffer: SenderBuffer, column: string, ms: number | null): void {
  if (ms !== null) buffer.timestampColumn(column, ms, 'ms');
}

function endRow(buffer: SenderBuffer, ms: number): void {
  if (!(ms >= 0 && ms <= LAST_MS)) throw new Error(`the time ${ms} is not between 1970 and 9999`);
  buffer.at(ms, 'ms');
}
