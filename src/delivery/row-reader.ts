import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { AppNames } from '../contract/app-names.ts';
import { isOfSender } from '../contract/identity.ts';
import {
  type AcceptedEventRow,
  COUNTS_SCOPES,
  type CountsScope,
  type SessionCountsRow,
  type SessionEventRow,
  type SessionRow,
} from '../contract/rows.ts';
import { saidAt } from '../journal/ids/origin.ts';
import { SessionIds } from '../journal/ids/session-ids.ts';
import { NameLookup } from '../journal/name-lookup.ts';
import type { UserAgents } from '../journal/read/user-agents.ts';
import { EVENTS } from '../journal/schema/events.ts';
import { COUNTS, LEVEL_COLUMNS, TALLY_COLUMNS } from '../journal/schema/points.ts';
import { Selection } from '../journal/schema/selection.ts';
import { SESSIONS } from '../journal/schema/sessions.ts';

/*
 * What is read for rows. `number`: SQL of the number in the log that is read; the tables go by the aliases `e`, `s` and `c`.
 */

const EVENT_COLUMNS = [
  ...(['seq', 'kind', 'at', 'received_at', 'host', 'user', 'origin', 'context', 'app'] as const),
  ...(['virtual_proxy', 'user_agent', 'session', 'reason', 'result', 'row_number'] as const),
  ...(['original_at', 'timed', 'message', 'event_id', 'note'] as const),
] as const;

export const eventsBy = (number: string) => new Selection(EVENTS.columns, EVENT_COLUMNS, 'e', { number });
export type EventRecord = RecordOf<typeof eventsBy>;

/** Of the log that goes by the alias `l`. */
export const EVENTS_WITH_WORDS = new Selection(EVENTS.columns, EVENT_COLUMNS, 'e', {
  number: 'l.number',
  words: 'l.words',
});

/** With what a tracker needs besides, and the identity as it is stored. */
export const ACCEPTED_EVENTS = new Selection(
  EVENTS.columns,
  [...EVENT_COLUMNS, 'session_key', 'application'],
  'e',
  { number: 'e.seq', identity: 'e.event_id' },
);
type AcceptedRecord = ReturnType<typeof ACCEPTED_EVENTS.record>;

export const sessionsBy = (number: string) =>
  new Selection(
    SESSIONS.columns,
    [
      ...(['id', 'host', 'user', 'virtual_proxy', 'user_agent', 'created_at', 'started_at'] as const),
      ...(['flags', 'last_activity_at', 'ended_at', 'end_reason', 'connections'] as const),
      ...(['open_connections', 'last_connection'] as const),
    ],
    's',
    { number },
  );
export type SessionRecord = RecordOf<typeof sessionsBy>;

export const countsBy = (number: string) =>
  new Selection(COUNTS.columns, ['at', ...TALLY_COLUMNS, ...LEVEL_COLUMNS], 'c', {
    number,
    // By name: the number of a dimension may be given again once retention has deleted it.
    dimension_name: '(SELECT name FROM dimensions WHERE id = c.dimension)',
  });
export type CountsRecord = RecordOf<typeof countsBy>;

type RecordOf<By extends (number: string) => { record: (...cells: never[]) => unknown }> = ReturnType<
  ReturnType<By>['record']
>;

/** Of a session: a log-in loop has millions of connections, and each change of it is a row. */
const MOST_CONNECTIONS = 1_000;
const MOST_APPS = 100;

/** Makes rows for sinks of the journal's records. */
export class RowReader {
  readonly #ids: SessionIds;
  readonly #appNames: AppNames;
  readonly #userAgents: UserAgents;
  readonly #connection: StatementSync;
  readonly names: NameLookup;

  constructor(database: DatabaseSync, store: string, appNames: AppNames, userAgents: UserAgents) {
    this.#ids = new SessionIds(database, store);
    this.#appNames = appNames;
    this.#userAgents = userAgents;
    this.names = new NameLookup(database);
    this.#connection = database.prepare('SELECT app, previous FROM connections WHERE id = ?');
  }

  event(record: EventRecord): SessionEventRow {
    const { seq, app: appId, session, user_agent: userAgent } = record;
    return {
      seq,
      eventId: record.event_id ?? this.#ownId(seq),
      kind: record.kind,
      at: record.at,
      originalAt: record.original_at,
      receivedAt: record.received_at,
      host: record.host ?? '',
      user: record.user,
      origin: record.origin,
      context: record.context,
      appId,
      appName: this.#appNames.nameOf(appId),
      virtualProxy: record.virtual_proxy,
      sessionId: session === 0 ? null : this.#ids.of(session, seq).id,
      result: record.result,
      reason: record.reason,
      rowNumber: record.row_number,
      userAgent,
      message: record.message,
      ...(record.note === null ? {} : { note: record.note }),
      ...this.#ofSite(record),
      ...this.#userAgents.clientOf(userAgent),
    };
  }

  #ownId(seq: number): string {
    return `${this.#ids.store}-${seq}`;
  }

  /** What makes the row the same in each store that got the event. Rows of before keep their time. */
  #ofSite({
    seq,
    at,
    host,
    original_at: originalAt,
    timed,
  }: EventRecord): Pick<SessionEventRow, 'site' | 'saidAt'> {
    const site = this.#ids.siteOfEvent(seq, host ?? '');
    const said = this.#ids.isContent(seq) ? saidAt(at, originalAt, timed) : at;
    return { ...(site === null ? {} : { site }), ...(said === at ? {} : { saidAt: said }) };
  }

  /**
   * An identity that a sender made up is only its own, so the event goes by its number. That of a session that a poll found is not
   * that of the event: it may be found again.
   */
  accepted(record: AcceptedRecord): AcceptedEventRow {
    const { identity, timed, session_key: sessionKey, application } = record;
    const isOwn = identity === null || isOfSender(String(identity)) || record.reason === 'snapshot';
    return {
      ...this.event(record),
      identity: isOwn ? this.#ownId(record.seq) : String(identity),
      timed,
      sessionKey,
      application,
    };
  }

  session(record: SessionRecord): SessionRow {
    const { startExact, endExact, identityExact, isApplication } = record.flags;
    const { id, firstSeenAt, site } = this.#ids.of(record.id);
    return {
      id,
      firstSeenAt: firstSeenAt ?? record.created_at,
      startedAt: record.started_at,
      startExact,
      endedAt: record.ended_at,
      endExact,
      endReason: record.end_reason,
      identityExact,
      application: isApplication,
      lastActivityAt: record.last_activity_at,
      host: record.host ?? '',
      virtualProxy: record.virtual_proxy,
      user: record.user,
      openConnections: record.open_connections,
      connections: record.connections,
      apps: this.#appsOf(record.last_connection),
      ...this.#userAgents.clientOf(record.user_agent),
      ...(site === null ? {} : { site }),
    };
  }

  /** Along the chain of a session's connections, from the latest one. */
  #appsOf(lastConnection: number): string[] {
    const apps = new Set<string>();
    let id = lastConnection;
    for (let looked = 0; id > 0 && looked < MOST_CONNECTIONS && apps.size < MOST_APPS; looked += 1) {
      const row = this.#connection.get(id);
      const app = this.names.string(Number(row?.['app'] ?? 0));
      if (app !== null) apps.add(app);
      id = Number(row?.['previous'] ?? 0);
    }
    return [...apps];
  }

  /** The journal's number of a session; 0 where it is gone. */
  numberOf({ id }: SessionRow): number {
    return this.#ids.numberOf(id) ?? 0;
  }

  /** Null where the name of the dimension is gone. */
  counts(record: CountsRecord): SessionCountsRow | null {
    const { dimension_name: dimension } = record;
    const part = dimension === null ? null : partOf(String(dimension));
    if (part === null) return null;
    return {
      at: record.at * 1000,
      ...part,
      active: record.active,
      users: record.users,
      connections: record.connections,
      sessionsLow: record.sessions_low,
      sessionsHigh: record.sessions_high,
      usersLow: record.users_low,
      usersHigh: record.users_high,
      created: record.created,
      destroyed: record.destroyed,
      rejected: record.rejected,
    };
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
