import type { DatabaseSync } from 'node:sqlite';
import type { AppNames } from '../../contract/app-names.ts';
import { END_REASONS } from '../../contract/rows.ts';
import type { ClassOf } from '../../contract/user-class.ts';
import { ExcludedUsers } from '../excluded-users.ts';
import type { Answers, OneSession } from './answers.ts';
import { type EventFilters, findEvents, isNarrow } from './event-search.ts';
import { Items, iso, isoOrNull, type Row } from './items.ts';
import { page } from './page.ts';
import { MOST_LINKS } from './sessions/connection-chains.ts';
import { lossWindowsOf } from './sessions/loss-windows.ts';
import { type SessionsQuestion, sessionsPageOf } from './sessions/sessions-page.ts';
import type { UserAgents } from './user-agents.ts';

/** Events looked through in one step of following them. */
const MOST_FOLLOWED = 100_000;
/** In characters, and no more than one event above. */
const MOST_FOLLOWED_TEXT = 128 * 1_024;

/** Asks for events that come after one, up to another, by their numbers. */
export interface Following {
  readonly filters: EventFilters;
  readonly after: number;
  readonly upTo: number;
  /** Only the latest so many of those that fit; the others are passed over. Null or absent: all. */
  readonly most?: number | null;
}

export interface Followed {
  readonly text: string;
  readonly position: number;
  /** How many are in the text. */
  readonly events: number;
}

/** Answers from the journal's rows, as the API gives them. Runs in the reader's thread. */
export class Queries {
  readonly items: Items;
  readonly #database: DatabaseSync;

  constructor(
    database: DatabaseSync,
    appNames: AppNames,
    userAgents: UserAgents,
    classOf?: ClassOf,
    excluded = new ExcludedUsers(database),
  ) {
    this.#database = database;
    this.items = new Items(database, appNames, userAgents, excluded, classOf);
  }

  sessions(question: SessionsQuestion): Answers['sessions'] {
    return sessionsPageOf(this.#database, this.items, question);
  }

  /** One session with its latest connections and events, oldest first; null where there is none of that id. */
  session(publicId: string, now: number): Answers['session'] {
    const id = this.items.numberOfSession(publicId);
    const row = id === null ? undefined : this.items.sessionRow(id);
    if (row === undefined || row['end_reason'] === END_REASONS.indexOf('excluded')) return null;
    if (this.items.excludes(row)) return null;
    const { timeline, isCut } = this.#timeline(Number(row['last_seq']));
    return {
      ...this.items.session(row, now),
      connections: this.items.connectionsOf(row).map((connection) => ({
        ...this.items.app(connection['app']),
        openedAt: iso(connection['opened_at']),
        closedAt: isoOrNull(connection['closed_at']),
        closeExact: connection['close_exact'] === 1,
      })),
      timeline,
      lossWindows: lossWindowsOf(this.#database, row, now),
      truncated: isCut || Number(row['connections']) > MOST_LINKS,
    };
  }

  /** The latest events of a session, and whether there are more: because they are long, or because there are so many notes. */
  #timeline(lastSeq: number): { readonly timeline: OneSession['timeline']; readonly isCut: boolean } {
    const itemOf = (row: Row) => this.items.event(row);
    const found = page(this.#chain(lastSeq), MOST_LINKS, itemOf, ({ seq }) => String(seq));
    const timeline = found.items.sort((a, b) => Date.parse(a.at) - Date.parse(b.at) || a.seq - b.seq);
    const isShort = timeline.length < MOST_LINKS || timeline.some(({ kind }) => kind === 'note');
    return { timeline, isCut: found.nextCursor !== null && isShort };
  }

  *#chain(lastSeq: number): Generator<Row> {
    for (let seq = lastSeq; seq > 0; ) {
      const row = this.items.eventRow(seq);
      if (row === undefined) return;
      yield row;
      seq = Number(row['previous']);
    }
  }

  events(filters: EventFilters): Answers['events'] {
    const found = findEvents(this.#database, filters, null, this.items.isShown).take(filters.limit + 1);
    const itemOf = (row: Row) => this.items.event(row);
    const { limit, withCursors } = filters;
    return page(this.items.eventRows(found), limit, itemOf, ({ seq }) => String(seq), withCursors);
  }

  /**
   * The next events after `after`, oldest first, as server-sent events
   * (https://html.spec.whatwg.org/multipage/server-sent-events.html): not many at once, since others wait for the reader, and a
   * client that does not read holds them in memory. `position` is the number up to which everything that fits is in `text`, or
   * is passed over. Says first what is missing, where retention has deleted what came next, and how much is passed over.
   */
  follow({ filters, after, upTo, most = null }: Following): Followed {
    const oldest = this.#database.prepare('SELECT min(seq) AS seq FROM events').get()?.['seq'];
    const from = Math.max(after, Number(oldest ?? 0) - 1);
    let text = '';
    if (from > after) {
      const missed = { after: this.items.eventIdOrNull(after), oldest: this.items.eventId(oldest) };
      text = serverSentEvent('missed', null, missed);
    }
    const { seqs, passedOver, position } = this.#next(filters, from, upTo, most);
    if (passedOver > 0) text += serverSentEvent('passed_over', null, { events: passedOver });
    let events = 0;
    for (const seq of seqs) {
      const row = this.items.eventRow(seq);
      if (row === undefined) continue;
      text += serverSentEvent('event', this.items.eventId(seq), this.items.event(row));
      events += 1;
      if (text.length >= MOST_FOLLOWED_TEXT) return { text, position: seq, events };
    }
    return { text, position, events };
  }

  /** The numbers of the next events that fit; with `most` the latest of them, and how many come before those. */
  #next(filters: EventFilters, from: number, upTo: number, most: number | null) {
    const find = (after: number, position: number) => ({
      seqs: findEvents(this.#database, filters, { after, upTo: position }, this.items.isShown),
      passedOver: 0,
      position,
    });
    if (most === null) return find(from, Math.min(upTo, from + MOST_FOLLOWED));
    // Where everything fits, numbers say how many there are without a look at any.
    if (!isNarrow(filters)) {
      const after = Math.max(from, upTo - most);
      return { ...find(after, upTo), passedOver: after - from };
    }
    const { seqs, position } = find(from, Math.min(upTo, from + MOST_FOLLOWED));
    const all = [...seqs];
    const passedOver = Math.max(0, all.length - most);
    return { seqs: all.slice(passedOver), passedOver, position };
  }
}

/**
 * One message of a stream, as https://html.spec.whatwg.org/multipage/server-sent-events.html has it. `id` is what a client that lost
 * its connection says it has got; JSON has no line breaks, so neither has `data`.
 */
export function serverSentEvent(event: string, id: string | null, data: unknown): string {
  return `event: ${event}\n${id === null ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}
