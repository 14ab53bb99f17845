import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { AppNames } from '../../contract/app-names.ts';
import { EVENT_REASONS, KINDS, type Kind, type User } from '../../contract/event.ts';
import { END_REASONS } from '../../contract/rows.ts';
import { secondsOf } from '../../contract/seconds.ts';
import { type ClassOf, createClassOf, type UserClass } from '../../contract/user-class.ts';
import type { ExcludedUsers } from '../excluded-users.ts';
import { EVENTS } from '../schema/events.ts';
import { CONNECTIONS, FLAGS, SESSIONS } from '../schema/sessions.ts';
import type { EventItem, SessionItem } from './answers.ts';
import { SeenNames } from './parts/seen-names.ts';
import { findSessions, type SessionFilters } from './session-search.ts';
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
  ...(['result', 'message', 'event_id'] as const),
] as const;
const EVENT_RECORDS = `
SELECT ${EVENTS.list(EVENT_COLUMNS, 's')}, origin.text AS origin, context.text AS context, app.text AS app, ${NAMES}
FROM events s ${NAMED}
  LEFT JOIN strings origin ON origin.id = s.origin LEFT JOIN strings context ON context.id = s.context
  LEFT JOIN strings app ON app.id = s.app`;

const CONNECTION_COLUMNS = ['opened_at', 'closed_at', 'close_exact', 'previous'] as const;
const CONNECTION_RECORDS = `
SELECT ${CONNECTIONS.list(CONNECTION_COLUMNS, 'c')}, app.text AS app FROM connections c
  LEFT JOIN strings app ON app.id = c.app`;

/** What class and doubt of a session depend on. */
const SESSION_USER = `
SELECT s.ended_at, s.epoch, host.text AS host, u.directory AS directory, u.id AS user_id FROM sessions s
  LEFT JOIN strings host ON host.id = s.host LEFT JOIN users u ON u.number = s.user WHERE s.id = ?`;

/** The latest loss of each host, as the checkpoint has it. */
function epochsOf(database: DatabaseSync): ReadonlyMap<unknown, number> {
  const hosts = database
    .prepare(
      `SELECT value ->> 'name' AS name, value ->> 'epoch' AS epoch FROM checkpoint, json_each(state, '$.hosts')`,
    )
    .all();
  return new Map(hosts.map(({ name, epoch }) => [name, Number(epoch)]));
}

/** Connections and events shown of one session: a log-in loop has millions. */
export const MOST_LINKS = 1_000;

export type Row = Record<string, unknown>;
type Text = string | null;

/** Sessions and events as answers have them, made of the journal's rows. Runs in the reader's thread. */
export class Items {
  readonly seen: SeenNames;
  readonly #database: DatabaseSync;
  readonly #excluded: ExcludedUsers;
  readonly #classOf: ClassOf;
  readonly #sessionUser: StatementSync;
  #epochs: ReadonlyMap<unknown, number> | null = null;
  readonly #store: string;
  readonly #appNames: AppNames;
  readonly #userAgents: UserAgents;
  readonly #sessionById: StatementSync;
  readonly #eventBySeq: StatementSync;
  readonly #connectionById: StatementSync;

  constructor(
    database: DatabaseSync,
    appNames: AppNames,
    userAgents: UserAgents,
    excluded: ExcludedUsers,
    classOf: ClassOf = createClassOf([]),
  ) {
    this.#database = database;
    this.#excluded = excluded;
    this.#classOf = classOf;
    this.seen = new SeenNames(database, classOf);
    this.#sessionUser = database.prepare(SESSION_USER);

    this.#appNames = appNames;
    this.#userAgents = userAgents;
    this.#store = String(database.prepare("SELECT value FROM meta WHERE key = 'store'").get()?.['value']);
    this.#sessionById = database.prepare(`${SESSION_RECORDS} WHERE s.id = ?`);
    this.#eventBySeq = database.prepare(`${EVENT_RECORDS} WHERE s.seq = ?`);
    this.#connectionById = database.prepare(`${CONNECTION_RECORDS} WHERE c.id = ?`);
  }

  /** To be called when a transaction begins: what is doubtful depends on what was lost by then. */
  renew(): void {
    this.#epochs = null;
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

  /** The numbers of the sessions that fit, newest first, as they are asked for. */
  findSessions(filters: SessionFilters): Generator<number> {
    const found = findSessions(this.#database, filters, this.isShown);
    const { class: wanted = null, doubtful = null } = filters;
    return wanted === null && doubtful === null ? found : this.#those(found, wanted, doubtful);
  }

  *#those(found: Generator<number>, wanted: UserClass | null, doubtful: boolean | null): Generator<number> {
    for (const id of found) {
      const row = this.#sessionUser.get(id) ?? {};
      if (wanted !== null && this.#classOf(userOf(row)) !== wanted) continue;
      if (doubtful !== null && (row['ended_at'] !== null || this.#isDoubtful(row) !== doubtful)) continue;
      yield id;
    }
  }

  #isDoubtful(row: Row): boolean {
    if (row['ended_at'] !== null) return false;
    this.#epochs ??= epochsOf(this.#database);
    return Number(row['epoch']) < (this.#epochs.get(row['host']) ?? 0);
  }

  sessionRow(id: number): Row | undefined {
    return this.#sessionById.get(id);
  }

  sessionRows(ids: Iterable<number>): Row[] {
    return Array.from(ids, (id) => this.sessionRow(id)).filter((row) => row !== undefined);
  }

  eventRow(seq: number): Row | undefined {
    return this.#eventBySeq.get(seq);
  }

  eventRows(seqs: Iterable<number>): Row[] {
    return Array.from(seqs, (seq) => this.eventRow(seq)).filter((row) => row !== undefined);
  }

  ownNumber(publicId: string): number | null {
    const [store, number, ...rest] = publicId.split('-');
    if (store !== this.#store || rest.length > 0 || !/^\d{1,15}$/.test(number ?? '')) return null;
    return Number(number);
  }

  session(row: Row, now: number): SessionItem {
    const flags = Number(row['flags']);
    const has = (flag: number) => (flags & flag) !== 0;
    const startedAt = Number(row['started_at']);
    const endedAt = row['ended_at'] === null ? null : Number(row['ended_at']);
    return {
      id: this.publicId(row['id']),
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
      doubtful: this.#isDoubtful(row),
      lastActivityAt: iso(row['last_activity_at']),
      durationSeconds: secondsOf(Math.max(0, (endedAt ?? now) - startedAt)),
      openConnections: Number(row['open_connections']),
      connections: Number(row['connections']),
      apps: this.#appsOf(row),
      ...this.#userAgents.describe(row['user_agent'] as Text),
    };
  }

  publicId(number: unknown): string {
    return `${this.#store}-${number}`;
  }

  /** Null for 0, which stands for none. */
  publicIdOrNull(number: unknown): string | null {
    return Number(number) === 0 ? null : this.publicId(number);
  }

  app(id: unknown): { appId: Text; appName: Text } {
    const appId = id as Text;
    return { appId, appName: this.#appNames.nameOf(appId) };
  }

  /** The latest connections of a session, oldest first, along their chain. */
  connectionsOf(session: Row): Row[] {
    const found: Row[] = [];
    for (let id = Number(session['last_connection']); id > 0 && found.length < MOST_LINKS; ) {
      const row = this.#connectionById.get(id);
      if (row === undefined) break;
      found.push(row);
      id = Number(row['previous']);
    }
    return found.reverse();
  }

  #appsOf(session: Row): SessionItem['apps'] {
    const ids = new Set(this.connectionsOf(session).map((connection) => connection['app']));
    ids.delete(null);
    return [...ids].map((id) => this.app(id));
  }

  event(row: Row): EventItem {
    return {
      seq: Number(row['seq']),
      eventId: (row['event_id'] as Text) ?? this.publicId(row['seq']),
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
      sessionId: this.publicIdOrNull(row['session']),
      result: row['result'] as number | null,
      reason: EVENT_REASONS[Number(row['reason']) - 1] ?? null,
      ...this.#userAgents.describe(row['user_agent'] as Text),
      message: row['message'] as Text,
    };
  }
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

/** A page of rows, of which there is one more than fits where another page follows. Its cursor is their `number`. */
export function page<Item>(rows: Row[], limit: number, number: string, item: (row: Row) => Item) {
  const shown = rows.slice(0, limit);
  const more = rows.length > limit;
  return { items: shown.map(item), nextCursor: more ? String(shown.at(-1)?.[number]) : null };
}
