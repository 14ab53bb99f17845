import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { AppNames } from '../contract/app-names.ts';
import { KINDS, REJECTION_REASONS, type User } from '../contract/event.ts';
import {
  COUNTS_SCOPES,
  type CountsScope,
  END_REASONS,
  type SessionCountsRow,
  type SessionEventRow,
  type SessionRow,
} from '../contract/rows.ts';
import type { UserAgents } from '../journal/read/user-agents.ts';
import { FLAGS } from '../journal/schema.ts';

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

/** By name: the number of a dimension may be given again once retention has deleted it. */
export const COUNTS_COLUMNS = `at, (SELECT name FROM dimensions WHERE id = dimension), created, destroyed, rejected,
  active, users, connections`;

/** Makes rows for sinks of the journal's rows of numbers. */
export class RowReader {
  readonly #store: string;
  readonly #appNames: AppNames;
  readonly #userAgents: UserAgents;
  readonly #stringById: StatementSync;
  readonly #userByNumber: StatementSync;
  readonly #strings = new Map<unknown, string | null>();
  readonly #users = new Map<unknown, User | null>();

  constructor(database: DatabaseSync, store: string, appNames: AppNames, userAgents: UserAgents) {
    this.#store = store;
    this.#appNames = appNames;
    this.#userAgents = userAgents;
    this.#stringById = database.prepare('SELECT text FROM strings WHERE id = ?');
    this.#userByNumber = database.prepare('SELECT directory, id FROM users WHERE number = ?');
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
      appName: this.#appNames.nameOf(appId),
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

  /** The journal's number of a session. */
  numberOf({ id }: SessionRow): number {
    return Number(id.slice(this.#store.length + 1));
  }

  /** Null where the name of the dimension is gone. */
  counts(cells: Cells): SessionCountsRow | null {
    const [at, dimension, created, destroyed, rejected, active, users, connections] = cells;
    const part = dimension === null ? null : partOf(String(dimension));
    if (part === null) return null;
    return {
      at: Number(at) * 1000,
      ...part,
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
}

function partOf(dimension: string): { scope: CountsScope; name: string | null } | null {
  const colon = dimension.indexOf(':');
  const scope = COUNTS_SCOPES.find((each) => each === (colon < 0 ? dimension : dimension.slice(0, colon)));
  return scope === undefined ? null : { scope, name: colon < 0 ? null : dimension.slice(colon + 1) };
}

/** The name of the dimension that a row was counted under. */
export function dimensionOf({ scope, name }: SessionCountsRow): string {
  return name === null ? scope : `${scope}:${name}`;
}

function remembered<T>(known: Map<unknown, T | null>, key: unknown, find: () => T | undefined): T | null {
  const there = known.get(key);
  if (there !== undefined) return there;
  const found = find() ?? null;
  if (known.size >= MOST_NAMES) known.clear();
  known.set(key, found);
  return found;
}
