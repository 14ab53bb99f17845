import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { CONNECTIONS } from '../../schema/sessions.ts';

const COLUMNS = ['opened_at', 'closed_at', 'close_exact', 'previous'] as const;
const RECORDS = `
SELECT ${CONNECTIONS.list(COLUMNS, 'c')}, app.text AS app FROM connections c
  LEFT JOIN strings app ON app.id = c.app`;

/** Connections and events shown of one session: a log-in loop has millions. */
export const MOST_LINKS = 1_000;

/** The connections of sessions, each of which leads to the one before. */
export class ConnectionChains {
  readonly #byId: StatementSync;

  constructor(database: DatabaseSync) {
    this.#byId = database.prepare(`${RECORDS} WHERE c.id = ?`);
  }

  /** The latest connections of a session, oldest first, by the number of the last one. */
  endingWith(last: unknown): Record<string, unknown>[] {
    const found: Record<string, unknown>[] = [];
    for (let id = Number(last); id > 0 && found.length < MOST_LINKS; ) {
      const row = this.#byId.get(id);
      if (row === undefined) break;
      found.push(row);
      id = Number(row['previous']);
    }
    return found.reverse();
  }
}
