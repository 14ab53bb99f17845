import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { AppNames } from '../../contract/app-names.ts';
import { EVENT_REASONS, KINDS, type Kind, type NoteDetails, type User } from '../../contract/event.ts';
import { END_REASONS } from '../../contract/rows.ts';
import { secondsOf } from '../../contract/seconds.ts';
import { type ClassOf, createClassOf } from '../../contract/user-class.ts';
import type { ExcludedUsers } from '../excluded-users.ts';
import { SessionIds } from '../ids/session-ids.ts';
import { EVENTS, noteOf } from '../schema/events.ts';
import type { Cells } from '../schema/selection.ts';
import { FLAGS, SESSIONS } from '../schema/sessions.ts';
import type { EventItem, SessionItem } from './answers.ts';
import { SeenNames } from './parts/seen-names.ts';
import { SessionFinder } from './sessions/session-finder.ts';
import { type SessionOrder, type SortedPage, sortedSessions } from './sessions/session-order.ts';
import type { SessionFilters } from './sessions/session-search.ts';
import { stateAt } from './sessions/session-state.ts';
import type { UserAgents } from './user-agents.ts';

const NAMED = `
  LEFT JOIN strings host ON host.id = s.host LEFT JOIN strings proxy ON proxy.id = s.virtual_proxy
  LEFT JOIN strings agent ON agent.id = s.user_agent LEFT JOIN users u ON u.number = s.user`;
const NAMES = `host.text AS host, proxy.text AS virtual_proxy, agent.text AS user_agent,
  u.directory AS directory, u.id AS user_id`;

const SESSION_COLUMNS = [
  ...(['id', 'last_seq', 'started_at', 'flags', 'last_activity_at', 'ended_at', 'end_reason'] as const),
  ...(['connections', 'open_connections', 'last_connection', 'last_seen_at', 'epoch'] as const),
] as const;
const SESSION_RECORDS = `SELECT ${SESSIONS.list(SESSION_COLUMNS, 's')}, ${NAMES} FROM sessions s ${NAMED}`;

const EVENT_COLUMNS = [
  ...(['seq', 'kind', 'at', 'received_at', 'original_at', 'session', 'previous', 'reason'] as const),
  ...(['result', 'message', 'event_id', 'note'] as const),
] as const;
const EVENT_RECORDS = `
SELECT ${EVENTS.list(EVENT_COLUMNS, 's')}, origin.text AS origin, context.text AS context, app.text AS app, ${NAMES}
FROM events s ${NAMED}
  LEFT JOIN strings origin ON origin.id = s.origin LEFT JOIN strings context ON context.id = s.context
  LEFT JOIN strings app ON app.id = s.app`;

export type Row = Record<string, unknown>;
type Text = string | null;

/** Sessions and events as answers have them, made of the journal's rows. Runs in the reader's thread. */
export class Items {
  readonly seen: SeenNames;
  readonly #excluded: ExcludedUsers;
  readonly #classOf: ClassOf;
  readonly #finder: SessionFinder;
  readonly #ids: SessionIds;
  readonly #appNames: AppNames;
  readonly #userAgents: UserAgents;
  readonly #sessionById: StatementSync;
  readonly #eventBySeq: StatementSync;

  constructor(
    database: DatabaseSync,
    appNames: AppNames,
    userAgents: UserAgents,
    excluded: ExcludedUsers,
    classOf: ClassOf = createClassOf([]),
  ) {
    this.#excluded = excluded;
    this.#classOf = classOf;
    this.seen = new SeenNames(database, classOf);
    this.#finder = new SessionFinder(database, excluded, classOf);
    this.#appNames = appNames;
    this.#userAgents = userAgents;
    const store = database.prepare("SELECT value FROM meta WHERE key = 'store'").get()?.['value'];
    this.#ids = new SessionIds(database, String(store));
    this.#sessionById = database.prepare(`${SESSION_RECORDS} WHERE s.id = ?`);
    this.#eventBySeq = database.prepare(`${EVENT_RECORDS} WHERE s.seq = ?`);
  }

  /** To be called when a transaction begins: what is doubtful depends on what was lost by then. */
  renew(): void {
    this.#finder.states.renew();
    this.seen.tidy();
  }

  /** What holds of sessions and events under the alias `s` whose users the rules of now do not exclude; null where that is all of them. */
  get isShown(): string | null {
    return this.#excluded.isShown;
  }

  /** True where the rules of now exclude the user of that session. */
  excludes(row: Row): boolean {
    return this.#excluded.excludes(userOf(row));
  }

  /** The numbers of the sessions that fit, newest first unless asked otherwise, as they are asked for. */
  findSessions(filters: SessionFilters): Generator<number> {
    return this.#finder.find(filters);
  }

  /** The same sessions, each as its number and the values of some expressions on rows under the alias `s`. */
  sessionCells(filters: SessionFilters, expressions: readonly string[]): Generator<Cells> {
    return this.#finder.cells(filters, expressions);
  }

  /** `now`: ms since 1970 UTC. */
  sortedSessions(filters: SessionFilters, order: SessionOrder, now: number): SortedPage {
    return sortedSessions(this.#finder, this.#userAgents, filters, order, now);
  }

  sessionRow(id: number): Row | undefined {
    return this.#sessionById.get(id);
  }

  /** As they are asked for. */
  *sessionRows(ids: Iterable<number>): Generator<Row> {
    for (const id of ids) {
      const row = this.sessionRow(id);
      if (row !== undefined) yield row;
    }
  }

  eventRow(seq: number): Row | undefined {
    return this.#eventBySeq.get(seq);
  }

  /** As they are asked for. */
  *eventRows(seqs: Iterable<number>): Generator<Row> {
    for (const seq of seqs) {
      const row = this.eventRow(seq);
      if (row !== undefined) yield row;
    }
  }

  /** The number of the session under an id; null where there is none. */
  numberOfSession(id: string): number | null {
    return this.#ids.numberOf(id);
  }

  /** `now`: ms since 1970 UTC; `at`: the moment whose state it has, null for now. */
  session(row: Row, now: number, at: number | null = null): SessionItem {
    const flags = Number(row['flags']);
    const has = (flag: number) => (flags & flag) !== 0;
    const startedAt = Number(row['started_at']);
    const endedAt = row['ended_at'] === null ? null : Number(row['ended_at']);
    const openConnections = Number(row['open_connections']);
    const { states } = this.#finder;
    const cells = { endedAt, openConnections, epoch: row['epoch'], host: row['host'] };
    const connections = this.connectionsOf(row);
    const apps = new Set(connections.map(({ app }) => app).filter((app) => app !== null));
    return {
      id: this.#ids.of(Number(row['id'])).id,
      user: userOf(row),
      class: this.#classOf(userOf(row)),
      host: row['host'] as Text,
      virtualProxy: row['virtual_proxy'] as Text,
      startedAt: iso(startedAt),
      startExact: has(FLAGS.startExact),
      endedAt: isoOrNull(endedAt),
      endReason: row['end_reason'] === null ? null : (END_REASONS[Number(row['end_reason'])] ?? null),
      endExact: has(FLAGS.endExact),
      identityExact: has(FLAGS.identityExact),
      application: has(FLAGS.isApplication),
      state: at === null ? states.now(cells) : stateAt(at, connections),
      doubtful: states.isDoubtful(cells),
      lastActivityAt: iso(row['last_activity_at']),
      durationSeconds: secondsOf(Math.max(0, (endedAt ?? now) - startedAt)),
      openConnections,
      connections: Number(row['connections']),
      apps: [...apps].map((id) => this.app(id)),
      ...this.#userAgents.describe(row['user_agent'] as Text),
    };
  }

  /** The id of an event in streams, and where it has no identity. */
  eventId(seq: unknown): string {
    return `${this.#ids.store}-${seq}`;
  }

  /** Null for 0, which stands for none. */
  eventIdOrNull(seq: unknown): string | null {
    return Number(seq) === 0 ? null : this.eventId(seq);
  }

  #sessionIdOf(event: Row): string | null {
    const session = Number(event['session']);
    return session === 0 ? null : this.#ids.of(session, Number(event['seq'])).id;
  }

  app(id: unknown): { appId: Text; appName: Text } {
    const appId = id as Text;
    return { appId, appName: this.#appNames.nameOf(appId) };
  }

  /** The latest connections of a session, oldest first. */
  connectionsOf(session: Row): Row[] {
    return this.#finder.chains.endingWith(session['last_connection']);
  }

  event(row: Row): EventItem {
    return {
      seq: Number(row['seq']),
      eventId: EVENTS.columns.event_id.read(row['event_id'] as Text) ?? this.eventId(row['seq']),
      kind: KINDS[Number(row['kind'])] as Kind,
      at: iso(row['at']),
      originalAt: isoOrNull(row['original_at']),
      receivedAt: iso(row['received_at']),
      host: row['host'] as Text,
      user: userOf(row),
      virtualProxy: row['virtual_proxy'] as Text,
      origin: row['origin'] as Text,
      context: row['context'] as Text,
      ...this.app(row['app']),
      sessionId: this.#sessionIdOf(row),
      result: row['result'] as number | null,
      reason: EVENT_REASONS[Number(row['reason']) - 1] ?? null,
      ...this.#userAgents.describe(row['user_agent'] as Text),
      message: row['message'] as Text,
      ...noteFields(noteOf(row['note'])),
    };
  }
}

/** Each null where the event is no note, or does not say it. */
function noteFields(note: NoteDetails | null) {
  return {
    noteType: note?.type ?? null,
    source: note?.source ?? null,
    level: note?.level ?? null,
    value: note?.value ?? null,
    count: note?.count ?? null,
    version: note?.version ?? null,
    userName: note?.userName ?? null,
  };
}

function userOf(row: Row): User | null {
  if (row['user_id'] === null) return null;
  return { directory: row['directory'] as Text, id: String(row['user_id']) };
}

/** ISO 8601 UTC. */
export function iso(time: unknown): string {
  return new Date(Number(time)).toISOString();
}

export function isoOrNull(time: unknown): string | null {
  return time === null ? null : iso(time);
}
