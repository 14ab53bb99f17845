import type { DatabaseSync } from 'node:sqlite';
import type { UserEvent } from '../contract/event.ts';
import { END_REASONS } from '../contract/rows.ts';
import type { EdgePosition } from '../contract/sites/forwarding.ts';
import {
  INFERRED,
  isInferred,
  rememberClosedByStop,
  rememberOrphanClose,
  rememberOrphanStop,
  rememberTimeOut,
  STOP_REMEMBERED_MS,
} from '../sessions/key-memory.ts';
import { Connection, Session } from '../sessions/session.ts';
import { OUTCOMES } from '../sessions/session-tracker.ts';
import type { Site } from '../sessions/site.ts';
import { restoreState } from '../sessions/site-state.ts';
import { arrivalOf, checkpointOf, metaOf } from './checkpoint.ts';
import { NameLookup } from './name-lookup.ts';
import { Names } from './names.ts';
import { eventIdsOf, positionsOf } from './recent-events.ts';
import { EVENTS } from './schema/events.ts';
import { POINTS, SUM_COLUMNS } from './schema/points.ts';
import { type Cells, Selection } from './schema/selection.ts';
import { CLOSE, CONNECTIONS, restoreSession, SESSIONS } from './schema/sessions.ts';

/** A million open sessions come back in seconds, so their users are joined. */
const SESSION = new Selection(SESSIONS.columns, SESSIONS.names, 's', {
  directory: 'u.directory',
  user_id: 'u.id',
});
const SESSION_RECORDS = `SELECT ${SESSION.list} FROM sessions s LEFT JOIN users u ON u.number = s.user`;

const CONNECTION = new Selection(
  CONNECTIONS.columns,
  ['id', 'session', 'app', 'opened_at', 'closed_at', 'close_exact', 'previous'],
  'connections',
);
type ConnectionRecord = ReturnType<typeof CONNECTION.record>;

/** What the tracker looks at of an event. */
const EVENT = new Selection(
  EVENTS.columns,
  [
    ...(['seq', 'kind', 'at', 'timed', 'received_at', 'host', 'user', 'app', 'virtual_proxy'] as const),
    ...([
      'user_agent',
      'session_key',
      'reason',
      'result',
      'row_number',
      'original_at',
      'application',
    ] as const),
  ],
  'events',
);
const EVENT_RECORDS = `SELECT ${EVENT.list} FROM events`;

const POINT = new Selection(POINTS.columns, ['at', ...SUM_COLUMNS], 'points');

export interface Recovered {
  readonly storeId: string;
  readonly nextSeq: number;
  readonly names: Names;
  /** When we last ran for certain; null in a new store. */
  readonly stoppedAt: number | null;
  /** Identities of the latest events that carried one, oldest first, with their arrival. */
  readonly eventIds: readonly (readonly [eventId: string, receivedAt: number])[];
  readonly positions: readonly EdgePosition[];
}

// More than the rules look back, since arrival times may step back a little.
const REMEMBERED_TIMEOUT_MS = 25 * 3_600_000;
const RECENT_SECONDS = 3_600;
const MOST_AHEAD_SECONDS = 600;
const MOST_EVENT_IDS = 1_000_000;

/**
 * Reads the journal back into an empty site, so that it is as if the program had never stopped: the state
 * of the last checkpoint, then the events after it once more.
 */
export function recover(database: DatabaseSync, site: Site): Recovered {
  return new Recovery(database, site).run();
}

class Recovery {
  readonly #database: DatabaseSync;
  readonly #site: Site;
  readonly #names: NameLookup;
  #seq = 0;
  #stoppedAt: number | null = null;

  constructor(database: DatabaseSync, site: Site) {
    this.#database = database;
    this.#site = site;
    this.#names = new NameLookup(database);
  }

  run(): Recovered {
    const since = Number(metaOf(this.#database, 'since'));
    const positions = positionsOf(this.#database);
    // Before hosts are made: which of them are of another site has to be known.
    this.#site.otherSites.begin(positions);
    this.#site.quality.since = since;
    const checkpoint = checkpointOf(this.#database);
    if (checkpoint !== null) {
      this.#seq = checkpoint.seq;
      this.#stoppedAt = checkpoint.at;
      restoreState(this.#site, checkpoint.state);
    } else this.#site.losses.begin(since);
    const now = Math.max(this.#stoppedAt ?? 0, arrivalOf(this.#database, 'seq > 0 ORDER BY seq DESC') ?? 0);
    // What was remembered when the first event after the checkpoint came.
    const then = arrivalOf(this.#database, `seq > ${this.#seq} ORDER BY seq`) ?? now;
    this.#restoreSessions(then);
    this.#restoreOrphans(then);
    this.#restoreRecentSeconds(now);
    this.#replayTail();
    return {
      storeId: metaOf(this.#database, 'store'),
      nextSeq: this.#seq + 1,
      names: new Names(this.#max('strings', 'id') + 1, this.#max('users', 'number') + 1),
      stoppedAt: now === 0 ? null : now,
      eventIds: eventIdsOf(this.#database, this.#names, this.#seq - MOST_EVENT_IDS),
      positions,
    };
  }

  #max(table: string, column: string): number {
    return Number(this.#database.prepare(`SELECT max(${column}) AS n FROM ${table}`).get()?.['n'] ?? 0);
  }

  *#records(sql: string, ...parameters: number[]): Iterable<Cells> {
    const statement = this.#database.prepare(sql);
    statement.setReturnArrays(true);
    for (const record of statement.iterate(...parameters)) yield record as unknown as Cells;
  }

  #restoreSessions(now: number): void {
    const sessions = new Map<number, Session>();
    for (const cells of this.#records(`${SESSION_RECORDS} WHERE s.ended_seen_at IS NULL ORDER BY s.id`)) {
      const session = this.#session(cells);
      sessions.set(session.id, session);
    }
    const open = `SELECT ${CONNECTION.list} FROM connections WHERE closed_at IS NULL ORDER BY id`;
    for (const cells of this.#records(open)) {
      const record = CONNECTION.record(cells, this.#names);
      const session = sessions.get(record.session);
      if (session !== undefined) session.attach(connectionOf(record, session));
    }
    const { book, counts, applications } = this.#site;
    for (const session of sessions.values()) {
      book.restore(session);
      counts.enter(session);
      applications.opened(session);
    }
    const inferred = INFERRED.map((reason) => END_REASONS.indexOf(reason));
    const ended = `${SESSION_RECORDS} WHERE s.ended_seen_at >= ?
      AND (s.ended_seen_at >= ? OR s.end_reason IN (${inferred})) ORDER BY s.ended_seen_at, s.id`;
    // Those of applications may go on for as long as their tokens say.
    const hosts = this.#site.identities.hosts.values();
    const stoppedSince = hosts.some(({ isApplication }) => isApplication)
      ? now - REMEMBERED_TIMEOUT_MS
      : now - STOP_REMEMBERED_MS;
    for (const cells of this.#records(ended, now - REMEMBERED_TIMEOUT_MS, stoppedSince)) {
      const { host, ended_seen_at: endedSeenAt } = SESSION.record(cells, this.#names);
      if (this.#isRemembered(host, endedSeenAt ?? 0)) this.#restoreEnded(this.#session(cells), now);
    }
    applications.forget(this.#site.tracker.sweptAt ?? 0);
  }

  /** False where the host was forgotten since: it had to make room, and perhaps came back. */
  #isRemembered(hostName: string | null, at: number): boolean {
    const host = this.#site.identities.hosts.get(hostName ?? '');
    return host !== undefined && at >= host.standing.knownSince;
  }

  #restoreEnded(session: Session, now: number): void {
    const { key, endReason } = session;
    if (session.isApplication) this.#site.applications.restoreEnded(session);
    else if (isInferred(endReason)) rememberTimeOut(session);
    else if (endReason === 'stop' && now - (session.endedSeenAt ?? 0) <= STOP_REMEMBERED_MS) {
      const waiting: Connection[] = [];
      const byId = `SELECT ${CONNECTION.list} FROM connections WHERE id = ?`;
      for (let id = session.lastConnectionId; id > 0; ) {
        const [cells] = [...this.#records(byId, id)];
        if (cells === undefined) break;
        const record = CONNECTION.record(cells, this.#names);
        const connection = connectionOf(record, session);
        connection.closedAt = record.closed_at;
        if (record.close_exact === CLOSE.byStop) waiting.unshift(connection);
        id = connection.previousId;
      }
      for (const connection of waiting) rememberClosedByStop(connection);
      this.#site.book.stopped.add(session);
    }
    if (key.open === null) this.#site.identities.emptied(key, session.endedSeenAt ?? now);
  }

  #session(cells: Cells): Session {
    const { identities } = this.#site;
    const record = SESSION.record(cells, this.#names);
    const { id, host, directory, user_id: userId, created_at: createdAt } = record;
    const user =
      userId === null ? null : identities.user({ directory: directory as string | null, id: String(userId) });
    const { startExact, startTimed, listed } = record.flags;
    const key = identities.key(identities.host(host ?? ''), user);
    const session = new Session(id, key, createdAt, startExact, startTimed, record.arrived_at);
    restoreSession(session, cells, this.#names);
    this.#site.polledProxies.restoreSession(session, listed, record.seen_id_mark);
    return session;
  }

  #restoreOrphans(now: number): void {
    const before = this.#database
      .prepare('SELECT seq FROM events WHERE seq <= ? AND received_at < ? ORDER BY seq DESC LIMIT 1')
      .get(this.#seq, now - STOP_REMEMBERED_MS);
    const records = this.#records(
      `${EVENT_RECORDS} WHERE seq > ? AND seq <= ? AND outcome IN (?, ?) ORDER BY seq`,
      Number(before?.['seq'] ?? 0),
      this.#seq,
      OUTCOMES.indexOf('orphan_stop'),
      OUTCOMES.indexOf('orphan_close'),
    );
    const orphans = Array.from(records, (cells) => this.#event(cells));
    const { identities } = this.#site;
    for (const { seq, event } of orphans) {
      if (!this.#isRemembered(event.host, event.receivedAt)) continue;
      const user = event.user === null ? null : identities.user(event.user);
      const key = identities.key(identities.host(event.host), user);
      if (event.kind === 'session_stop') rememberOrphanStop(key, event, seq);
      else rememberOrphanClose(key, event, seq);
      if (key.open === null) identities.emptied(key, event.receivedAt);
    }
  }

  #restoreRecentSeconds(now: number): void {
    const records = this.#records(
      `SELECT ${POINT.list} FROM points
       WHERE dimension = (SELECT id FROM dimensions WHERE name = 'all') AND step = 1 AND at > ? AND at <= ?`,
      Math.floor(now / 1000) - RECENT_SECONDS,
      Math.floor(now / 1000) + MOST_AHEAD_SECONDS,
    );
    for (const cells of records) {
      const { at, created, destroyed, rejected, duration_ms: durationMs } = POINT.record(cells, this.#names);
      this.#site.series.restore({ at, created, destroyed, rejected, durationMs });
    }
  }

  #replayTail(): void {
    for (const cells of this.#records(`${EVENT_RECORDS} WHERE seq > ? ORDER BY seq`, this.#seq)) {
      const { seq, event } = this.#event(cells);
      this.#seq = seq;
      // The numbers and times that the line came with.
      const line = { ...event, at: event.timed ? (event.originalAt ?? event.at) : event.at };
      if (this.#site.lostLines.note(line, null)) this.#site.counterBeganAgain(line);
      this.#site.clocks.note(event);
      if (event.application === true) this.#site.applyOfApplication(event, this.#seq);
      else this.#site.apply(event, this.#seq);
    }
  }

  #event(cells: Cells): { readonly seq: number; readonly event: UserEvent } {
    const record = EVENT.record(cells, this.#names);
    const { seq, kind, at, timed, user, reason, result } = record;
    const event: UserEvent = {
      kind,
      at,
      timed,
      receivedAt: record.received_at,
      host: record.host ?? '',
      user,
      origin: null,
      context: null,
      appId: record.app,
      virtualProxy: record.virtual_proxy,
      userAgent: record.user_agent,
      sessionKey: record.session_key,
      reason,
      result,
      rowNumber: record.row_number,
      originalAt: record.original_at,
      application: record.application,
      message: null,
      eventId: null,
    };
    return { seq, event };
  }
}

function connectionOf(record: ConnectionRecord, session: Session): Connection {
  const { id, app, opened_at: openedAt, previous } = record;
  const connection = new Connection(id, session, app, openedAt, previous);
  connection.stored = true;
  return connection;
}
