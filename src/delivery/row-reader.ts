import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { KINDS, REJECTION_REASONS, type User } from '../core/event.ts';
import {
  SCOPES,
  type Scope,
  type SessionCountsRow,
  type SessionEventRow,
  type SessionRow,
} from '../core/rows.ts';
import { END_REASONS } from '../core/session.ts';
import { FLAGS } from '../journal/schema.ts';
import type { UserAgents } from '../journal/user-agents.ts';

/** A row as an array: objects with names cost twice. */
export type Cells = readonly (number | string | null)[];

/** Names held at once; numbers never change their meaning, so forgetting costs nothing but a look-up. */
const MOST_NAMES = 200_000;

/** Columns of `events` in the order `rowOfEvent` takes them. */
export const EVENT_COLUMNS = `seq, kind, at, received_at, host, user, origin, context, app, virtual_proxy, user_agent,
  session, reason, result, row_number, original_at, message, event_id`;

/** Columns of `sessions`, under the alias `s`, in the order `rowOfSession` takes them. */
export const SESSION_COLUMNS = `s.id, s.host, s.user, s.virtual_proxy, s.user_agent, s.created_at, s.started_at,
  s.flags, s.last_activity_at, s.ended_at, s.end_reason, s.connections, s.open_connections`;

export const COUNTS_COLUMNS = 'at, dimension, created, destroyed, rejected, active, users, connections';

/** Makes rows for sinks of the journal's rows of numbers. */
export class RowReader {
  readonly #store: string;
  readonly #appName: (appId: string) => string | null;
  readonly #userAgents: UserAgents;
  readonly #stringById: StatementSync;
  readonly #userByNumber: StatementSync;
  readonly #dimensionById: StatementSync;
  readonly #strings = new Map<unknown, string | null>();
  readonly #users = new Map<unknown, User | null>();
  readonly #dimensions = new Map<unknown, { scope: Scope; name: string | null } | null>();

  constructor(
    database: DatabaseSync,
    store: string,
    appName: (appId: string) => string | null,
    userAgents: UserAgents,
  ) {
    this.#store = store;
    this.#appName = appName;
    this.#userAgents = userAgents;
    this.#stringById = database.prepare('SELECT text FROM strings WHERE id = ?');
    this.#userByNumber = database.prepare('SELECT directory, id FROM users WHERE number = ?');
    this.#dimensionById = database.prepare('SELECT name FROM dimensions WHERE id = ?');
  }

  event(cells: Cells): SessionEventRow {
    const [seq, kind, at, receivedAt, host, user, origin, context, app, virtualProxy, userAgent] = cells;
    const [session, reason, result, rowNumber, originalAt, message, eventId] = cells.slice(11);
    const appId = this.#string(app);
    const agent = this.#string(userAgent);
    return {
      seq: Number(seq),
      eventId: eventId === null ? `${this.#store}-${seq}` : String(eventId),
      kind: KINDS[Number(kind)] ?? 'session_start',
      at: Number(at),
      originalAt: originalAt as number | null,
      receivedAt: Number(receivedAt),
      host: this.#string(host) ?? '',
      user: this.#user(user),
      origin: this.#string(origin),
      context: this.#string(context),
      appId,
      appName: appId === null ? null : this.#appName(appId),
      virtualProxy: this.#string(virtualProxy),
      sessionId: session === 0 ? null : `${this.#store}-${session}`,
      result: result as number | null,
      reason: REJECTION_REASONS[Number(reason) - 1] ?? null,
      rowNumber: rowNumber as number | null,
      userAgent: agent,
      message: message as string | null,
      ...this.#userAgents.clientOf(agent),
    };
  }

  session(cells: Cells): SessionRow {
    const [id, host, user, virtualProxy, userAgent, createdAt, startedAt, flags, lastActivityAt] = cells;
    const [endedAt, endReason, connections, openConnections] = cells.slice(9);
    const has = (flag: number): boolean => (Number(flags) & flag) !== 0;
    return {
      id: `${this.#store}-${id}`,
      firstSeenAt: Number(createdAt),
      startedAt: Number(startedAt),
      startExact: has(FLAGS.startExact),
      endedAt: endedAt as number | null,
      endExact: has(FLAGS.endExact),
      endReason: endReason === null ? null : (END_REASONS[Number(endReason)] ?? null),
      identityExact: has(FLAGS.identityExact),
      lastActivityAt: Number(lastActivityAt),
      host: this.#string(host) ?? '',
      virtualProxy: this.#string(virtualProxy),
      user: this.#user(user),
      openConnections: Number(openConnections),
      connections: Number(connections),
      ...this.#userAgents.clientOf(this.#string(userAgent)),
    };
  }

  /** Null where the name of the dimension is gone. */
  counts(cells: Cells): SessionCountsRow | null {
    const [at, dimension, created, destroyed, rejected, active, users, connections] = cells;
    const known = this.#dimension(dimension);
    if (known === null) return null;
    return {
      at: Number(at) * 1000,
      ...known,
      active: active as number | null,
      users: users as number | null,
      connections: connections as number | null,
      created: Number(created),
      destroyed: Number(destroyed),
      rejected: Number(rejected),
    };
  }

  #string(id: unknown): string | null {
    if (id === 0) return null;
    return remembered(
      this.#strings,
      id,
      () => this.#stringById.get(Number(id))?.['text'] as string | undefined,
    );
  }

  #user(number: unknown): User | null {
    if (number === 0) return null;
    return remembered(this.#users, number, () => {
      const row = this.#userByNumber.get(Number(number));
      return row && { directory: row['directory'] as string | null, id: String(row['id']) };
    });
  }

  #dimension(id: unknown): { scope: Scope; name: string | null } | null {
    return remembered(this.#dimensions, id, () => {
      const text = this.#dimensionById.get(Number(id))?.['name'] as string | undefined;
      if (text === undefined) return undefined;
      const colon = text.indexOf(':');
      const scope = SCOPES.find((each) => each === (colon < 0 ? text : text.slice(0, colon)));
      return scope && { scope, name: colon < 0 ? null : text.slice(colon + 1) };
    });
  }
}

function remembered<T>(known: Map<unknown, T | null>, key: unknown, find: () => T | undefined): T | null {
  const there = known.get(key);
  if (there !== undefined) return there;
  const found = find() ?? null;
  if (known.size >= MOST_NAMES) known.clear();
  known.set(key, found);
  return found;
}
