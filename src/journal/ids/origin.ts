import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { EVENT_REASONS, KINDS } from '../../contract/event.ts';

const POLLED = EVENT_REASONS.indexOf('snapshot') + 1;
const STOP = KINDS.indexOf('session_stop');
const HOUR_MS = 3_600_000;

/** What is read of the event that began a session, under the alias `e`. */
export const ORIGIN_COLUMNS = 'e.event_id, e.at, e.original_at, e.timed, e.reason';

/** What the event that began a session tells of it, the same to everyone who got that event. */
export interface Origin {
  /** As it is stored; null where the event has none that comes with it. */
  readonly identity: string | null;
  /**
   * Milliseconds since 1970 UTC: the line's own time where it is believed, whatever was wrong with the clock. Two that ask the proxies do so at
   * different moments, so of a session that a poll found it is the hour.
   */
  readonly at: number;
}

type Columns = Record<string, unknown>;

export function originOf({ event_id: identity, at, original_at: original, timed, reason }: Columns): Origin {
  const time = saidAt(Number(at), original as number | null, Number(timed) !== 0);
  return {
    identity: identity as string | null,
    at: Number(reason) === POLLED ? Math.floor(time / HOUR_MS) * HOUR_MS : time,
  };
}

/** A session that a poll found may be one of any moment of this hour. */
export function isHour(at: number): boolean {
  return at % HOUR_MS === 0;
}

/** What the line itself said, also where that is corrected because the clock of its node is off. */
export function saidAt(at: number, originalAt: number | null, timed: boolean): number {
  return timed ? (originalAt ?? at) : at;
}

/** Finds the event that began a session. */
export class Origins {
  readonly #session: StatementSync;
  readonly #event: StatementSync;
  readonly #kept: StatementSync;

  constructor(database: DatabaseSync) {
    this.#session = database.prepare(
      `SELECT host.text AS host, e.seq AS found, ${ORIGIN_COLUMNS} FROM sessions s
         LEFT JOIN events e ON e.seq = s.first_seq LEFT JOIN strings host ON host.id = s.host WHERE s.id = ?`,
    );
    this.#event = database.prepare(
      `SELECT e.session, e.previous, e.kind, host.text AS host, ${ORIGIN_COLUMNS} FROM events e
         LEFT JOIN strings host ON host.id = e.host WHERE e.seq = ?`,
    );
    this.#kept = database.prepare('SELECT value FROM meta WHERE key = ?');
  }

  /** `seq`: an event of the session, for one that is too new to have a record. Null where nothing is known any more. */
  of(number: number, seq: number | null): { readonly host: string; readonly origin: Origin } | null {
    const row = this.#session.get(number);
    if (row === undefined && seq !== null) {
      const first = this.#firstOf(number, seq);
      // Its record may have been written meanwhile, and then the events may be chained in another way.
      return this.#session.get(number) === undefined ? first : this.of(number, null);
    }
    if (row === undefined) return null;
    const host = String(row['host'] ?? '');
    if (row['found'] !== null) return { host, origin: originOf(row) };
    const kept = this.#kept.get(keptUnder(number))?.['value'];
    return kept === undefined ? null : { host, origin: JSON.parse(String(kept)) as Origin };
  }

  #firstOf(number: number, seq: number): { readonly host: string; readonly origin: Origin } | null {
    let first: Columns | null = null;
    for (let next = seq; next > 0; ) {
      const row = this.#event.get(next);
      if (row === undefined || Number(row['session']) !== number) break;
      // An end that came before its session is chained to it, and began none.
      if (Number(row['kind']) !== STOP) first = row;
      next = Number(row['previous']);
    }
    return first === null ? null : { host: String(first['host'] ?? ''), origin: originOf(first) };
  }
}

function keptUnder(number: number): string {
  return `origin ${number}`;
}

/** Of sessions that stay, what the events of these numbers tell, which go. Runs in the writer's thread. */
export function keepOrigins(database: DatabaseSync, from: number, to: number): void {
  const keep = database.prepare('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)');
  const rows = database
    .prepare(
      `SELECT s.id, ${ORIGIN_COLUMNS} FROM events e JOIN sessions s ON s.id = e.session AND s.first_seq = e.seq
       WHERE e.seq >= ? AND e.seq <= ? AND e.event_id IS NOT NULL`,
    )
    .all(from, to);
  for (const row of rows) keep.run(keptUnder(Number(row['id'])), JSON.stringify(originOf(row)));
}

/** Of a session that goes, too. */
export function createForget(database: DatabaseSync): (number: number) => void {
  const forget = database.prepare('DELETE FROM meta WHERE key = ?');
  return (number) => {
    forget.run(keptUnder(number));
  };
}
