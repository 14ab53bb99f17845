import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { markOf } from '../../marks.ts';
import { NUMBERS_OF_NAME } from '../filters.ts';
import type { Items } from '../items.ts';
import type { SessionFilters } from '../sessions/session-search.ts';
import { filtersOfPart, type Part } from './part.ts';

/** A session as far as counting goes. Names are numbers of the journal, times milliseconds since 1970 UTC. */
export interface PartSession {
  readonly id: number;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly host: number;
  readonly virtualProxy: number;
  readonly user: number;
  readonly openConnections: number;
  readonly lastConnection: number;
}

export interface PartConnection {
  readonly openedAt: number;
  readonly closedAt: number | null;
  readonly app: number;
}

/** Which sessions of the part are meant. */
export type Meant = Partial<Pick<SessionFilters, 'active' | 'at' | 'from' | 'to'>>;

const SESSION =
  'SELECT id, started_at, ended_at, host, virtual_proxy, user, open_connections, last_connection FROM sessions WHERE id = ?';
const CONNECTION = 'SELECT opened_at, closed_at, app, previous FROM connections WHERE id = ?';
const OF_APP = `
SELECT opened_at, closed_at, app FROM connections INDEXED BY connections_app
WHERE app_mark = ? AND app_mark <> 0 AND session = ? AND app IN (${NUMBERS_OF_NAME})`;

/**
 * The sessions of a part, and their connections. Reads no more than so many of each: others wait for the reader. What
 * is found is everything only where the limit was not reached in the end.
 */
export class PartSessions {
  readonly #items: Pick<Items, 'findSessions'>;
  readonly #part: Part;
  readonly #session: StatementSync;
  readonly #connection: StatementSync;
  readonly #ofApp: StatementSync;
  readonly #most: number;
  #sessions = 0;
  #connections = 0;

  constructor(database: DatabaseSync, items: Pick<Items, 'findSessions'>, part: Part, most: number) {
    this.#items = items;
    this.#part = part;
    this.#most = most;
    this.#session = database.prepare(SESSION);
    this.#connection = database.prepare(CONNECTION);
    this.#ofApp = database.prepare(OF_APP);
    for (const statement of [this.#session, this.#connection, this.#ofApp]) statement.setReturnArrays(true);
  }

  get hasTooManySessions(): boolean {
    return this.#sessions > this.#most;
  }

  get hasTooManyConnections(): boolean {
    return this.#connections > this.#most;
  }

  *find(meant: Meant): Generator<PartSession> {
    const filters = { ...filtersOfPart(this.#part), active: null, at: null, ...meant };
    for (const id of this.#items.findSessions(filters)) {
      this.#sessions += 1;
      if (this.hasTooManySessions) return;
      const cells = this.#session.get(id) as unknown as readonly number[];
      const [, startedAt = 0, endedAt = null, host = 0, virtualProxy = 0, user = 0, ...rest] = cells;
      const [openConnections = 0, lastConnection = 0] = rest;
      yield { id, startedAt, endedAt, host, virtualProxy, user, openConnections, lastConnection };
    }
  }

  /** Those of the app, where the part is of one. */
  connectionsOf(session: PartSession): Generator<PartConnection> {
    return this.#part.app === null ? this.#all(session) : this.#ofOne(session, this.#part.app);
  }

  *#all({ lastConnection }: PartSession): Generator<PartConnection> {
    for (let id = lastConnection; id > 0; ) {
      this.#connections += 1;
      if (this.hasTooManyConnections) return;
      const cells = this.#connection.get(id) as unknown as readonly number[] | undefined;
      if (cells === undefined) return;
      const [openedAt = 0, closedAt = null, app = 0, previous = 0] = cells;
      yield { openedAt, closedAt, app };
      id = previous;
    }
  }

  *#ofOne({ id }: PartSession, name: string): Generator<PartConnection> {
    for (const cells of this.#ofApp.iterate(markOf(name), id, name)) {
      this.#connections += 1;
      if (this.hasTooManyConnections) return;
      const [openedAt = 0, closedAt = null, app = 0] = cells as unknown as readonly number[];
      yield { openedAt, closedAt, app };
    }
  }
}
