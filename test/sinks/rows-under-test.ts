import { randomUUID } from 'node:crypto';
import type {
  AcceptedEventRow,
  SessionCountsRow,
  SessionEventRow,
  SessionRow,
  SessionSnapshotRow,
  SnapshotSessionRow,
} from '../../src/contract/rows.ts';
import type { Batch, Table } from '../../src/contract/sink.ts';

/** A recent full second: QuestDB's TTL takes old rows at once. */
export const NOON = Math.floor(Date.now() / 1000) * 1000 - 3_600_000;

export const NEVER = new AbortController().signal;

/** Tests share a database: each has its own store. */
export function newStoreId(): string {
  return randomUUID();
}

const NO_CLIENT = { browser: null, browserVersion: null, os: null, osVersion: null };

/** Everything that may be null is. */
export function eventRow(seq: number, row: Partial<SessionEventRow> = {}): SessionEventRow {
  return {
    seq,
    eventId: `event-${seq}`,
    kind: 'session_start',
    at: NOON + seq,
    originalAt: null,
    receivedAt: NOON + seq,
    host: 'node1',
    user: null,
    origin: null,
    context: null,
    appId: null,
    appName: null,
    virtualProxy: null,
    sessionId: null,
    result: null,
    reason: null,
    rowNumber: null,
    userAgent: null,
    message: null,
    ...NO_CLIENT,
    ...row,
  };
}

export function fullEventRow(seq: number, text: string): SessionEventRow {
  return eventRow(seq, {
    kind: 'session_rejected',
    originalAt: NOON - 86_400_000,
    user: { directory: text, id: text },
    origin: text,
    context: text,
    appId: text,
    appName: text,
    virtualProxy: text,
    sessionId: text,
    result: 403,
    reason: 'denied',
    rowNumber: 2_147_483_647,
    userAgent: text,
    message: text,
    note: { type: text, source: text, level: text, value: 1.5e21, count: 7, version: text, userName: text },
    ...client(text),
  });
}

/** The same event for another Headcount. */
export function acceptedRow(row: SessionEventRow): AcceptedEventRow {
  return { ...row, identity: row.eventId, timed: true, sessionKey: null, application: false };
}

export function sessionRow(id: string, row: Partial<SessionRow> = {}): SessionRow {
  return {
    id,
    firstSeenAt: NOON,
    startedAt: NOON,
    startExact: true,
    endedAt: null,
    endExact: false,
    endReason: null,
    identityExact: true,
    application: false,
    lastActivityAt: NOON,
    host: 'node1',
    virtualProxy: null,
    user: null,
    openConnections: 0,
    connections: 0,
    apps: [],
    ...NO_CLIENT,
    ...row,
  };
}

export function fullSessionRow(id: string, text: string): SessionRow {
  return sessionRow(id, {
    endedAt: NOON + 60_000,
    endExact: true,
    endReason: 'stop',
    virtualProxy: text,
    user: { directory: text, id: text },
    openConnections: 2,
    connections: 3,
    apps: ['app-1', 'app-2'],
    ...client(text),
  });
}

export function countsRow(row: Partial<SessionCountsRow> = {}): SessionCountsRow {
  return {
    at: NOON,
    scope: 'all',
    name: null,
    active: null,
    users: null,
    connections: null,
    sessionsLow: null,
    sessionsHigh: null,
    usersLow: null,
    usersHigh: null,
    created: 0,
    destroyed: 0,
    rejected: 0,
    ...row,
  };
}

export function snapshotRow(row: Partial<SessionSnapshotRow> = {}): SessionSnapshotRow {
  return { at: NOON, host: 'node1', virtualProxy: '/', sessions: 0, users: 0, ...row };
}

export function snapshotSessionRow(
  sessionId: string,
  row: Partial<SnapshotSessionRow> = {},
): SnapshotSessionRow {
  return { at: NOON, host: 'node1', virtualProxy: '/', sessionId, user: null, ...row };
}

export function batchOf<T extends Table>(
  table: T,
  ...rows: Extract<Batch, { table: T }>['rows'][number][]
): Batch {
  return { table, rows } as unknown as Batch;
}

function client(text: string) {
  return { browser: text, browserVersion: text, os: text, osVersion: text };
}

/** What users are called, somewhere. */
export const HOSTILE_TEXTS: readonly string[] = [
  'a"b\'c',
  'back\\slash\\',
  '\\"',
  'two\nlines\r\nand\ta tab',
  '\n',
  'a,b=c d',
  'session_events,store=x result=1i 1',
  "'); DROP TABLE sessions; --",
  'nul\0l',
  '\u0001\u001b[2J\u007f',
  '😀👩‍👩‍👧',
  'עברית مرحبا \u202e',
  '\ufeffbom\u2028',
  'null',
  '',
  ' ',
  'x'.repeat(60_000),
  'é"\n\\'.repeat(20_000),
];
