import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { AppNames } from '../../contract/app-names.ts';
import { EVENT_REASONS, KINDS, type Kind, type User } from '../../contract/event.ts';
import { END_REASONS } from '../../contract/rows.ts';
import { secondsOf } from '../../contract/seconds.ts';
import { EVENTS } from '../schema/events.ts';
import { CONNECTIONS, FLAGS, SESSIONS } from '../schema/sessions.ts';
import type { Answers, EventItem, OneSession, SessionItem } from './answers.ts';
import { type EventFilters, findEvents } from './event-search.ts';
import { findSessions, type SessionFilters } from './session-search.ts';
import type { UserAgents } from './user-agents.ts';

const NAMED = `
  LEFT JOIN strings host ON host.id = s.host LEFT JOIN strings proxy ON proxy.id = s.virtual_proxy
  LEFT JOIN strings agent ON agent.id = s.user_agent LEFT JOIN users u ON u.number = s.user`;
const NAMES = `host.text AS host, proxy.text AS virtual_proxy, agent.text AS user_agent,
  u.directory AS directory, u.id AS user_id`;

const SESSION_COLUMNS = [
  ...(['id', 'last_seq', 'started_at', 'flags', 'last_activity_at', 'ended_at', 'end_reason'] as const),
  ...(['connections', 'open_connections', 'last_connection'] as const),
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

/** Connections and events shown of one session: a log-in loop has millions. */
const MOST_LINKS = 1_000;
/** Events looked through in one step of following them. */
const MOST_FOLLOWED = 100_000;
/** In characters, and no more than one event above. */
const MOST_FOLLOWED_TEXT = 128 * 1_024;

type Row = Record<string, unknown>;
type Text = string | null;

/** Asks for events that come after one, up to another, by their numbers. */
export interface Following {
  readonly filters: EventFilters;
  readonly after: number;
  readonly upTo: number;
}

export interface Followed {
  readonly text: string;
  readonly position: number;
}

/** Answers from the journal's rows, as the API gives them. Runs in the reader's thread. */
export class Queries {
  readonly #database: DatabaseSync;
  readonly #store: string;
  readonly #appNames: AppNames;
  readonly #userAgents: UserAgents;

  constructor(database: DatabaseSync, appNames: AppNames, userAgents: UserAgents) {
    this.#database = database;
    this.#appNames = appNames;
    this.#userAgents = userAgents;
    this.#store = String(database.prepare("SELECT value FROM meta WHERE key = 'store'").get()?.['value']);
  }

  sessions(filters: SessionFilters, now: number): Answers['sessions'] {
    const byId = this.#database.prepare(`${SESSION_RECORDS} WHERE s.id = ?`);
    const found = findSessions(this.#database, filters).take(filters.limit + 1);
    return page(rowsOf(byId, found), filters.limit, 'id', (row) => this.#sessionItem(row, now));
  }

  /** One session with its latest connections and events, oldest first; null where there is none of that id. */
  session(publicId: string, now: number): Answers['session'] {
    const id = this.#ownNumber(publicId);
    const row = id === null ? undefined : this.#database.prepare(`${SESSION_RECORDS} WHERE s.id = ?`).get(id);
    if (row === undefined || row['end_reason'] === END_REASONS.indexOf('excluded')) return null;
    return {
      ...this.#sessionItem(row, now),
      connections: this.#connections(row).map((connection) => ({
        ...this.#app(connection['app']),
        openedAt: iso(connection['opened_at']),
        closedAt: isoOrNull(connection['closed_at']),
        closeExact: connection['close_exact'] === 1,
      })),
      timeline: this.#timeline(Number(row['last_seq'])),
      truncated: Number(row['connections']) > MOST_LINKS,
    };
  }

  #ownNumber(publicId: string): number | null {
    const [store, number, ...rest] = publicId.split('-');
    if (store !== this.#store || rest.length > 0 || !/^\d{1,15}$/.test(number ?? '')) return null;
    return Number(number);
  }

  #sessionItem(row: Row, now: number): SessionItem {
    const flags = Number(row['flags']);
    const has = (flag: number) => (flags & flag) !== 0;
    const startedAt = Number(row['started_at']);
    const endedAt = row['ended_at'] === null ? null : Number(row['ended_at']);
    return {
      id: this.#publicId(row['id']),
      user: userOf(row),
      host: row['host'] as Text,
      virtualProxy: row['virtual_proxy'] as Text,
      startedAt: iso(startedAt),
      startExact: has(FLAGS.startExact),
      endedAt: isoOrNull(endedAt),
      endReason: row['end_reason'] === null ? null : (END_REASONS[Number(row['end_reason'])] ?? null),
      endExact: has(FLAGS.endExact),
      identityExact: has(FLAGS.identityExact),
      lastActivityAt: iso(row['last_activity_at']),
      durationSeconds: secondsOf(Math.max(0, (endedAt ?? now) - startedAt)),
      openConnections: Number(row['open_connections']),
      connections: Number(row['connections']),
      apps: this.#appsOf(row),
      ...this.#userAgents.describe(row['user_agent'] as Text),
    };
  }

  #publicId(number: unknown): string {
    return `${this.#store}-${number}`;
  }

  /** Null for 0, which stands for none. */
  #publicIdOrNull(number: unknown): string | null {
    return Number(number) === 0 ? null : this.#publicId(number);
  }

  #app(id: unknown): { appId: Text; appName: Text } {
    const appId = id as Text;
    return { appId, appName: this.#appNames.nameOf(appId) };
  }

  /** The latest connections of a session, oldest first, along their chain. */
  #connections(session: Row): Row[] {
    const byId = this.#database.prepare(`${CONNECTION_RECORDS} WHERE c.id = ?`);
    const found: Row[] = [];
    for (let id = Number(session['last_connection']); id > 0 && found.length < MOST_LINKS; ) {
      const row = byId.get(id);
      if (row === undefined) break;
      found.push(row);
      id = Number(row['previous']);
    }
    return found.reverse();
  }

  #appsOf(session: Row): SessionItem['apps'] {
    const ids = new Set(this.#connections(session).map((connection) => connection['app']));
    ids.delete(null);
    return [...ids].map((id) => this.#app(id));
  }

  #timeline(lastSeq: number): OneSession['timeline'] {
    const bySeq = this.#database.prepare(`${EVENT_RECORDS} WHERE s.seq = ?`);
    const found: Row[] = [];
    for (let seq = lastSeq; seq > 0 && found.length < MOST_LINKS; ) {
      const row = bySeq.get(seq);
      if (row === undefined) break;
      found.push(row);
      seq = Number(row['previous']);
    }
    found.sort((a, b) => Number(a['at']) - Number(b['at']) || Number(a['seq']) - Number(b['seq']));
    return found.map((row) => this.#eventItem(row));
  }

  events(filters: EventFilters): Answers['events'] {
    const bySeq = this.#database.prepare(`${EVENT_RECORDS} WHERE s.seq = ?`);
    const found = findEvents(this.#database, filters).take(filters.limit + 1);
    return page(rowsOf(bySeq, found), filters.limit, 'seq', (row) => this.#eventItem(row));
  }

  /**
   * The next events after `after`, oldest first, as server-sent events
   * (https://html.spec.whatwg.org/multipage/server-sent-events.html): not many at once, since others wait for the reader, and a
   * client that does not read holds them in memory. `position` is the number up to which everything that fits is in `text`.
   * Says first what is missing, where retention has deleted what came next.
   */
  follow({ filters, after, upTo }: Following): Followed {
    const bySeq = this.#database.prepare(`${EVENT_RECORDS} WHERE s.seq = ?`);
    const oldest = this.#database.prepare('SELECT min(seq) AS seq FROM events').get()?.['seq'];
    const from = Math.max(after, Number(oldest ?? 0) - 1);
    const range = { after: from, upTo: Math.min(upTo, from + MOST_FOLLOWED) };
    let text = '';
    if (from > after) {
      const missed = { after: this.#publicIdOrNull(after), oldest: this.#publicId(oldest) };
      text = serverSentEvent('missed', null, missed);
    }
    for (const seq of findEvents(this.#database, filters, range)) {
      const row = bySeq.get(seq);
      if (row !== undefined) text += serverSentEvent('event', this.#publicId(seq), this.#eventItem(row));
      if (text.length >= MOST_FOLLOWED_TEXT) return { text, position: seq };
    }
    return { text, position: range.upTo };
  }

  #eventItem(row: Row): EventItem {
    return {
      seq: Number(row['seq']),
      eventId: (row['event_id'] as Text) ?? this.#publicId(row['seq']),
      kind: KINDS[Number(row['kind'])] as Kind,
      at: iso(row['at']),
      originalAt: isoOrNull(row['original_at']),
      receivedAt: iso(row['received_at']),
      host: row['host'] as Text,
      user: userOf(row),
      virtualProxy: row['virtual_proxy'] as Text,
      origin: row['origin'] as Text,
      context: row['context'] as Text,
      ...this.#app(row['app']),
      sessionId: this.#publicIdOrNull(row['session']),
      result: row['result'] as number | null,
      reason: EVENT_REASONS[Number(row['reason']) - 1] ?? null,
      ...this.#userAgents.describe(row['user_agent'] as Text),
      message: row['message'] as Text,
    };
  }
}

function rowsOf(byNumber: StatementSync, numbers: Iterable<number>): Row[] {
  const rows: Row[] = [];
  for (const number of numbers) {
    const row = byNumber.get(number);
    if (row !== undefined) rows.push(row);
  }
  return rows;
}

function page<Item>(rows: Row[], limit: number, number: string, item: (row: Row) => Item) {
  const shown = rows.slice(0, limit);
  const more = rows.length > limit;
  return { items: shown.map(item), nextCursor: more ? String(shown.at(-1)?.[number]) : null };
}

function userOf(row: Row): User | null {
  if (row['user_id'] === null) return null;
  return { directory: row['directory'] as Text, id: String(row['user_id']) };
}

/** ISO 8601 UTC. */
function iso(time: unknown): string {
  return new Date(Number(time)).toISOString();
}

function isoOrNull(time: unknown): string | null {
  return time === null ? null : iso(time);
}

/**
 * One message of a stream, as https://html.spec.whatwg.org/multipage/server-sent-events.html has it. `id` is what a client that lost
 * its connection says it has got; JSON has no line breaks, so neither has `data`.
 */
export function serverSentEvent(event: string, id: string | null, data: unknown): string {
  return `event: ${event}\n${id === null ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}
