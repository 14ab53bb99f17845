import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { KINDS, REJECTION_REASONS, type User, type UserEvent } from '../contract/event.ts';
import { END_REASONS } from '../contract/rows.ts';
import { rememberClosedByStop, rememberOrphanStop, rememberTimeOut } from '../sessions/key-memory.ts';
import { Connection, Session } from '../sessions/session.ts';
import { OUTCOMES } from '../sessions/session-tracker.ts';
import type { Site } from '../sessions/site.ts';
import { restoreState, type SiteState } from '../sessions/site-state.ts';
import { JournalError } from './journal-file.ts';
import { Names } from './names.ts';
import { CLOSE, FLAGS } from './schema.ts';

type Cells = (number | string | null)[];

export interface Recovered {
  readonly storeId: string;
  readonly nextSeq: number;
  readonly names: Names;
  /** When we last ran for certain; null in a new store. */
  readonly stoppedAt: number | null;
  /** Identities of the latest events that carried one, oldest first, with their arrival. */
  readonly eventIds: readonly (readonly [eventId: string, receivedAt: number])[];
}

// More than the rules look back, since arrival times may step back a little.
const REMEMBERED_TIMEOUT_MS = 25 * 3_600_000;
const REMEMBERED_STOP_MS = 120_000;
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
  readonly #stringById: StatementSync;
  readonly #userByNumber: StatementSync;
  readonly #strings = new Map<number, string | null>();
  #seq = 0;
  #stoppedAt: number | null = null;

  constructor(database: DatabaseSync, site: Site) {
    this.#database = database;
    this.#site = site;
    this.#stringById = database.prepare('SELECT text FROM strings WHERE id = ?');
    this.#userByNumber = database.prepare('SELECT directory, id FROM users WHERE number = ?');
  }

  run(): Recovered {
    const since = Number(this.#meta('since'));
    this.#site.quality.since = since;
    const checkpoint = this.#database.prepare('SELECT seq, at, state FROM checkpoint').get();
    if (checkpoint !== undefined) {
      this.#seq = Number(checkpoint['seq']);
      this.#stoppedAt = Number(checkpoint['at']);
      const state = JSON.parse(String(checkpoint['state'])) as SiteState;
      this.#checkLog(state);
      restoreState(this.#site, state);
    } else this.#site.losses.begin(since);
    const now = Math.max(this.#stoppedAt ?? 0, this.#arrival('seq > 0 ORDER BY seq DESC') ?? 0);
    // What was remembered when the first event after the checkpoint came.
    const then = this.#arrival(`seq > ${this.#seq} ORDER BY seq`) ?? now;
    this.#restoreSessions(then);
    this.#restoreOrphanStops(then);
    this.#restoreRecentSeconds(now);
    this.#replayTail();
    return {
      storeId: this.#meta('store'),
      nextSeq: this.#seq + 1,
      names: new Names(this.#max('strings', 'id') + 1, this.#max('users', 'number') + 1),
      stoppedAt: now === 0 ? null : now,
      eventIds: this.#eventIds(),
    };
  }

  /** SQLite takes any write-ahead log that lies beside the file, say that of the file before a backup was put back. */
  #checkLog(state: SiteState): void {
    const isOurs = state.store === undefined || state.store === this.#meta('store');
    // Retention leaves the event of the checkpoint.
    if (isOurs && (this.#seq === 0 || this.#arrival(`seq = ${this.#seq}`) !== null)) return;
    throw new JournalError('the log beside it (-wal) is that of another journal, or events are missing');
  }

  #meta(key: string): string {
    return String(this.#database.prepare('SELECT value FROM meta WHERE key = ?').get(key)?.['value']);
  }

  #max(table: string, column: string): number {
    return Number(this.#database.prepare(`SELECT max(${column}) AS n FROM ${table}`).get()?.['n'] ?? 0);
  }

  /** Arrival of the first event that fits; null where none does. */
  #arrival(where: string): number | null {
    const row = this.#database.prepare(`SELECT received_at FROM events WHERE ${where} LIMIT 1`).get();
    return row === undefined ? null : Number(row['received_at']);
  }

  *#rows(sql: string, ...parameters: number[]): Iterable<Cells> {
    const statement = this.#database.prepare(sql);
    // Arrays instead of objects: a million open sessions come back in a second.
    statement.setReturnArrays(true);
    for (const row of statement.iterate(...parameters)) yield row as unknown as Cells;
  }

  #string(id: unknown): string | null {
    const number = Number(id);
    if (number === 0) return null;
    let text = this.#strings.get(number);
    if (text === undefined) {
      text = (this.#stringById.get(number)?.['text'] as string | undefined) ?? null;
      this.#strings.set(number, text);
    }
    return text;
  }

  #user(number: unknown): User | null {
    if (Number(number) === 0) return null;
    const row = this.#userByNumber.get(Number(number));
    return row === undefined ? null : { directory: row['directory'] as string | null, id: String(row['id']) };
  }

  #restoreSessions(now: number): void {
    const sessions = new Map<number, Session>();
    for (const row of this.#rows(`${SESSION_ROWS} WHERE s.ended_seen_at IS NULL ORDER BY s.id`)) {
      const session = this.#session(row);
      sessions.set(session.id, session);
    }
    for (const row of this.#rows(
      'SELECT id, session, app, opened_at, previous FROM connections WHERE closed_at IS NULL ORDER BY id',
    )) {
      const session = sessions.get(Number(row[1]));
      if (session !== undefined) session.attach(this.#connection(row, session));
    }
    const { book, counts } = this.#site;
    for (const session of sessions.values()) {
      book.restore(session);
      counts.opened(session);
      for (const connection of session.openConnections) counts.connectionOpened(connection);
    }
    const since = now - REMEMBERED_TIMEOUT_MS;
    for (const row of this.#rows(
      `${SESSION_ROWS} WHERE s.ended_seen_at >= ? ORDER BY s.ended_seen_at, s.id`,
      since,
    )) {
      this.#restoreEnded(this.#session(row), now);
    }
  }

  #restoreEnded(session: Session, now: number): void {
    const { key, endReason } = session;
    if (endReason !== null && endReason !== 'stop' && endReason !== 'excluded') rememberTimeOut(session);
    else if (endReason === 'stop' && now - (session.endedSeenAt ?? 0) <= REMEMBERED_STOP_MS) {
      const waiting: Connection[] = [];
      const byId =
        'SELECT id, session, app, opened_at, previous, closed_at, close_exact FROM connections WHERE id = ?';
      for (let id = session.lastConnectionId; id > 0; ) {
        const [row] = [...this.#rows(byId, id)];
        if (row === undefined) break;
        const connection = this.#connection(row, session);
        connection.closedAt = Number(row[5]);
        if (row[6] === CLOSE.byStop) waiting.unshift(connection);
        id = connection.previousId;
      }
      for (const connection of waiting) rememberClosedByStop(connection);
    }
    if (key.open === null) this.#site.identities.emptied(key, session.endedSeenAt ?? now);
  }

  #session(row: Cells): Session {
    const { identities } = this.#site;
    const [directory, userId] = [row[21] as string | null, row[22] as string | null];
    const key = identities.key(
      identities.host(this.#string(row[3]) ?? ''),
      userId === null ? null : identities.user({ directory, id: userId }),
    );
    const flags = Number(row[10]);
    const has = (flag: number) => (flags & flag) !== 0;
    const session = new Session(
      Number(row[0]),
      key,
      Number(row[8]),
      has(FLAGS.startExact),
      has(FLAGS.startTimed),
      Number(row[18]),
    );
    session.firstSeq = Number(row[1]);
    session.lastSeq = Number(row[2]);
    session.sessionKey = this.#string(row[5]);
    session.virtualProxy = this.#string(row[6]);
    session.userAgent = this.#string(row[7]);
    session.startedAt = Number(row[9]);
    session.endExact = has(FLAGS.endExact);
    session.identityExact = has(FLAGS.identityExact);
    session.synthesisedAt = row[11] as number | null;
    session.lastActivityAt = Number(row[12]);
    session.endedAt = row[13] as number | null;
    session.endReason = row[14] === null ? null : (END_REASONS[Number(row[14])] ?? null);
    session.endedSeenAt = row[15] as number | null;
    session.connectionCount = Number(row[16]);
    session.lastConnectionId = Number(row[17]);
    session.lastSeenAt = Number(row[19]);
    session.epoch = Number(row[20]);
    return session;
  }

  #connection(row: Cells, session: Session): Connection {
    const [id, , app, openedAt, previousId] = row;
    const connection = new Connection(
      Number(id),
      session,
      this.#string(app),
      Number(openedAt),
      Number(previousId),
    );
    connection.stored = true;
    return connection;
  }

  #restoreOrphanStops(now: number): void {
    const before = this.#database
      .prepare('SELECT seq FROM events WHERE seq <= ? AND received_at < ? ORDER BY seq DESC LIMIT 1')
      .get(this.#seq, now - REMEMBERED_STOP_MS);
    const rows = this.#rows(
      `${EVENT_ROWS} WHERE seq > ? AND seq <= ? AND outcome = ? ORDER BY seq`,
      Number(before?.['seq'] ?? 0),
      this.#seq,
      OUTCOMES.indexOf('orphan_stop'),
    );
    const orphans = Array.from(rows, (row) => [Number(row[0]), this.#event(row)] as const);
    const { identities } = this.#site;
    for (const [seq, event] of orphans) {
      const user = event.user === null ? null : identities.user(event.user);
      const key = identities.key(identities.host(event.host), user);
      rememberOrphanStop(key, event, seq);
      if (key.open === null) identities.emptied(key, event.receivedAt);
    }
  }

  #restoreRecentSeconds(now: number): void {
    const rows = this.#rows(
      `SELECT at, created, destroyed, rejected, duration_ms FROM points
       WHERE dimension = (SELECT id FROM dimensions WHERE name = 'all') AND step = 1 AND at > ? AND at <= ?`,
      Math.floor(now / 1000) - RECENT_SECONDS,
      Math.floor(now / 1000) + MOST_AHEAD_SECONDS,
    );
    for (const [at, created, destroyed, rejected, durationMs] of rows) {
      this.#site.series.restore({
        at: Number(at),
        created: Number(created),
        destroyed: Number(destroyed),
        rejected: Number(rejected),
        durationMs: Number(durationMs),
      });
    }
  }

  #replayTail(): void {
    for (const row of this.#rows(`${EVENT_ROWS} WHERE seq > ? ORDER BY seq`, this.#seq)) {
      this.#seq = Number(row[0]);
      const event = this.#event(row);
      // The numbers and times that the line came with.
      const line = { ...event, at: event.timed ? (event.originalAt ?? event.at) : event.at };
      if (this.#site.lostLines.note(line, null)) this.#site.counterBeganAgain(line);
      this.#site.clocks.note(event);
      this.#site.apply(event, this.#seq);
    }
  }

  #event(row: Cells): UserEvent {
    return {
      kind: KINDS[Number(row[1])] ?? 'session_start',
      at: Number(row[2]),
      timed: row[3] === 1,
      receivedAt: Number(row[4]),
      host: this.#string(row[5]) ?? '',
      user: this.#user(row[6]),
      origin: null,
      context: null,
      appId: this.#string(row[9]),
      virtualProxy: this.#string(row[10]),
      userAgent: this.#string(row[11]),
      sessionKey: this.#string(row[12]),
      reason: row[16] === 0 ? null : (REJECTION_REASONS[Number(row[16]) - 1] ?? null),
      result: row[17] as number | null,
      rowNumber: row[18] as number | null,
      originalAt: row[19] as number | null,
      message: null,
      eventId: null,
    };
  }

  #eventIds(): [string, number][] {
    const rows = this.#rows(
      'SELECT event_id, received_at FROM events WHERE seq > ? AND event_id IS NOT NULL ORDER BY seq',
      this.#seq - MOST_EVENT_IDS,
    );
    return Array.from(rows, ([eventId, receivedAt]) => [String(eventId), Number(receivedAt)]);
  }
}

const EVENT_ROWS = 'SELECT * FROM events';
const SESSION_ROWS = `
SELECT s.id, s.first_seq, s.last_seq, s.host, s.user, s.session_key, s.virtual_proxy, s.user_agent, s.created_at,
  s.started_at, s.flags, s.synthesised_at, s.last_activity_at, s.ended_at, s.end_reason, s.ended_seen_at,
  s.connections, s.last_connection, s.arrived_at, s.last_seen_at, s.epoch, u.directory, u.id
FROM sessions s LEFT JOIN users u ON u.number = s.user`;
