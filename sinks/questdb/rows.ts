import type { Buffer } from 'node:buffer';
import type { NoteDetails, User } from '../../src/contract/event.ts';
import { foldName } from '../../src/contract/fold-name.ts';
import type {
  Client,
  CountsScope,
  SessionCountsRow,
  SessionEventRow,
  SessionRow,
  SessionSnapshotRow,
  SnapshotSessionRow,
} from '../../src/contract/rows.ts';
import { type FilteredBatch, PoisonRowError } from '../../src/contract/sink.ts';
import { siteOfHost } from '../../src/contract/sites/site-hosts.ts';
import { RowBuffer } from './row-buffer.ts';

/*
 * One function a table, straight into the buffer: this is the hot path. SYMBOL columns come first, because the
 * line protocol wants it so; what is null is left out, and is null in QuestDB, also where a row replaces another.
 */

/** QuestDB answers 500 to a row after this, as if it might go better later. */
export const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

const SCOPE_NAMES: { readonly [S in CountsScope]: string } = {
  all: 'site',
  host: 'host',
  virtualProxy: 'virtual_proxy',
  app: 'app',
};

/** Who writes. */
export interface Writer {
  readonly storeId: string;
  /** What the site is called now. */
  readonly site: string;
  /** Number of the latest event of the store. */
  readonly lastSeq: () => number;
}

/** Appends a row. Throws where it cannot be written, and leaves its beginning in the buffer. */
export function appendRow(buffer: RowBuffer, batch: FilteredBatch, place: number, writer: Writer): void {
  const { table, rows } = batch;
  const row = rows[place];
  if (table === 'session_events') appendEvent(buffer, row as SessionEventRow, writer);
  else if (table === 'sessions') appendSession(buffer, row as SessionRow, writer);
  else if (table === 'session_counts') appendCounts(buffer, row as SessionCountsRow, writer);
  else if (table === 'session_snapshots') appendSnapshot(buffer, row as SessionSnapshotRow, writer);
  else appendSnapshotSession(buffer, row as SnapshotSessionRow, writer);
}

/** `host`: it may name its site itself. `known`: what the site was called when that which the row tells was new. */
function siteColumn({ site }: Writer, host: string | null, known: string = site): string {
  return text('site', (host === null ? null : siteOfHost(host)) ?? known);
}

function appendEvent(buffer: RowBuffer, row: SessionEventRow, writer: Writer): void {
  buffer.table('session_events').symbol('store', writer.storeId).symbol('kind', row.kind);
  if (row.reason !== null) buffer.symbol('reason', row.reason);
  buffer
    .stringColumn('event_id', row.eventId)
    .columns(
      text('host', row.host) +
        siteColumn(writer, row.host, row.site) +
        userColumns(row.user) +
        text('origin', row.origin) +
        text('context', row.context) +
        text('app_id', row.appId) +
        text('app_name', row.appName) +
        text('virtual_proxy', row.virtualProxy) +
        text('session_id', row.sessionId) +
        integer('result', row.result) +
        integer('row_number', row.rowNumber) +
        time('received_at', row.receivedAt) +
        time('original_at', row.originalAt) +
        time('corrected_at', row.saidAt === undefined ? null : row.at) +
        clientColumns(row) +
        text('user_agent', row.userAgent) +
        text('message', row.message) +
        noteColumns(row.note) +
        integer('seq', row.seq),
    );
  endRow(buffer, row.saidAt ?? row.at);
}

/** A row that an earlier version set aside does not say whether it is of an application. */
function appendSession(buffer: RowBuffer, row: SessionRow, writer: Writer): void {
  buffer.table('sessions').symbol('store', writer.storeId);
  if (row.endReason !== null) buffer.symbol('end_reason', row.endReason);
  buffer
    .stringColumn('session_id', row.id)
    .columns(
      text('host', row.host) +
        siteColumn(writer, row.host, row.site) +
        userColumns(row.user) +
        text('virtual_proxy', row.virtualProxy) +
        time('started_at', row.startedAt) +
        flag('start_exact', row.startExact) +
        time('ended_at', row.endedAt) +
        flag('end_exact', row.endExact) +
        flag('identity_exact', row.identityExact) +
        time('last_activity_at', row.lastActivityAt) +
        integer('open_connections', row.openConnections) +
        integer('connections', row.connections) +
        text('apps', row.apps.length === 0 ? null : row.apps.join(',')) +
        clientColumns(row) +
        flag('application', row.application === true),
    );
  endRow(buffer, row.firstSeenAt);
}

function appendCounts(buffer: RowBuffer, row: SessionCountsRow, writer: Writer): void {
  buffer.table('session_counts').symbol('store', writer.storeId).symbol('scope', SCOPE_NAMES[row.scope]);
  buffer
    .intColumn('created', row.created)
    .columns(
      integer('destroyed', row.destroyed) +
        integer('rejected', row.rejected) +
        text('name', row.name) +
        siteColumn(writer, row.scope === 'host' ? row.name : null) +
        integer('active', row.active) +
        integer('users', row.users) +
        integer('connections', row.connections) +
        boundsColumns(row) +
        integer('seq', writer.lastSeq()),
    );
  endRow(buffer, row.at);
}

function appendSnapshot(buffer: RowBuffer, row: SessionSnapshotRow, writer: Writer): void {
  buffer
    .table('session_snapshots')
    .symbol('store', writer.storeId)
    .stringColumn('host', row.host)
    .columns(
      siteColumn(writer, row.host) +
        text('virtual_proxy', row.virtualProxy) +
        integer('sessions', row.sessions) +
        integer('users', row.users),
    );
  endRow(buffer, row.at);
}

function appendSnapshotSession(buffer: RowBuffer, row: SnapshotSessionRow, writer: Writer): void {
  buffer
    .table('snapshot_sessions')
    .symbol('store', writer.storeId)
    .stringColumn('host', row.host)
    .columns(
      siteColumn(writer, row.host) +
        text('virtual_proxy', row.virtualProxy) +
        text('session_id', row.sessionId) +
        userColumns(row.user),
    );
  endRow(buffer, row.at);
}

/** A row that an earlier version set aside has none. */
function boundsColumns(row: Partial<SessionCountsRow>): string {
  return (
    integer('sessions_low', row.sessionsLow ?? null) +
    integer('sessions_high', row.sessionsHigh ?? null) +
    integer('users_low', row.usersLow ?? null) +
    integer('users_high', row.usersHigh ?? null)
  );
}

function userColumns(user: User | null): string {
  if (user === null) return '';
  const { directory, id } = user;
  const full = directory === null ? id : `${directory}\\${id}`;
  return text('user_directory', directory) + text('user_id', id) + text('user_key', foldName(full));
}

function clientColumns({ browser, browserVersion, os, osVersion }: Client): string {
  return (
    text('browser', browser) +
    text('browser_version', browserVersion) +
    text('os', os) +
    text('os_version', osVersion)
  );
}

/** What the line protocol wants escaped inside of quotes. */
const SPECIAL = /["\\\n\r]/;
const EVERY_SPECIAL = /["\\\n\r]/g;

function noteColumns(note: NoteDetails | undefined): string {
  if (note === undefined) return '';
  return (
    text('note_type', note.type) +
    text('note_source', note.source) +
    text('note_level', note.level) +
    (note.value === null ? '' : `,note_value=${note.value}`) +
    integer('note_count', note.count) +
    text('app_version', note.version) +
    text('user_name', note.userName)
  );
}

function text(column: string, value: string | null): string {
  if (value === null) return '';
  return `,${column}="${SPECIAL.test(value) ? value.replace(EVERY_SPECIAL, '\\$&') : value}"`;
}

/** A larger one would be written as `1e21`, which QuestDB does not read. */
function integer(column: string, value: number | null): string {
  if (value === null) return '';
  if (!Number.isSafeInteger(value))
    throw new Error(`${column}: ${value} is not a whole number that is exact`);
  return `,${column}=${value}i`;
}

/** Milliseconds, written as microseconds. */
function time(column: string, ms: number | null): string {
  if (ms === null) return '';
  if (!Number.isSafeInteger(ms)) throw new Error(`${column}: ${ms} is not a time in whole milliseconds`);
  return ms === 0 ? `,${column}=0t` : `,${column}=${ms}000t`;
}

function flag(column: string, value: boolean): string {
  return `,${column}=${value ? 't' : 'f'}`;
}

function endRow(buffer: RowBuffer, ms: number): void {
  if (!(ms >= 0 && ms <= LAST_MS)) throw new Error(`the time ${ms} is not between 1970 and 9999`);
  buffer.at(ms, 'ms');
}

/** Rows of a batch as text of the line protocol: one line each. */
export interface Lines {
  readonly bytes: Buffer;
  /** The first row that is not in it. */
  readonly end: number;
}

/** Serialises rows. */
export class LineWriter {
  readonly #writer: Writer;
  readonly #buffer = new RowBuffer();

  constructor(writer: Writer) {
    this.#writer = writer;
  }

  /**
   * Rows from `start` until before `end`, or fewer: no more after `mostBytes`.
   * @throws PoisonRowError
   */
  write(batch: FilteredBatch, start: number, end: number, mostBytes: number): Lines {
    let place = start;
    try {
      while (place < end && (place === start || this.#buffer.currentPosition() < mostBytes)) {
        appendRow(this.#buffer, batch, place, this.#writer);
        place += 1;
      }
    } catch (error) {
      // What the client threw at is still in its buffer.
      this.#buffer.reset();
      throw new PoisonRowError(place, error instanceof Error ? error.message : String(error));
    }
    // A copy: a request that was given up may still be read from.
    const bytes = this.#buffer.toBufferNew();
    if (bytes === null) throw new Error('no rows to write');
    return { bytes, end: place };
  }
}
