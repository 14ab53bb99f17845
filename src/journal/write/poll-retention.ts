import type { DatabaseSync } from 'node:sqlite';

/** What sinks have yet to get of polls: numbers from which on. */
export interface UndeliveredPolls {
  readonly polls: number;
  /** Sessions of polls, numbered through all of them. */
  readonly seenSessions: number;
  /** Whole answers: of the sinks that keep what is undelivered, and of all that want them; of none, the largest number. */
  readonly keptUnfiltered: number;
  readonly unfiltered: number;
}

/**
 * Deletes the oldest polls up to the first that is young or has yet to be delivered, never the last one: its number must not be
 * given again. A session goes with the last poll that shows it.
 */
export function deletePolls(
  database: DatabaseSync,
  before: number,
  { polls, seenSessions, keptUnfiltered, unfiltered }: UndeliveredPolls,
  most: number,
): number {
  const run = (sql: string, ...values: number[]): number =>
    Number(database.prepare(sql).run(...values).changes);
  const oldest = database
    .prepare(`SELECT number, at, seen_before + seen AS through FROM polls ORDER BY number LIMIT ${most + 1}`)
    .all();
  const isOver = (poll: (typeof oldest)[number]): boolean =>
    Number(poll['at']) < before && Number(poll['number']) < polls && Number(poll['through']) < seenSessions;
  const first = oldest.find((poll) => !isOver(poll)) ?? oldest.at(-1);
  const old = run('DELETE FROM polls WHERE number < ?', Number(first?.['number'] ?? 0));
  const seen = run(
    `DELETE FROM seen_sessions WHERE id IN (
       SELECT s.id FROM polled_proxies p JOIN seen_sessions s ON s.proxy = p.number
         AND s.gone_poll <= (SELECT min(number) FROM polls) LIMIT ${most})`,
  );
  database.exec(`DELETE FROM polled_proxies WHERE NOT EXISTS (SELECT 1 FROM polls WHERE proxy = polled_proxies.number)
    AND NOT EXISTS (SELECT 1 FROM seen_sessions WHERE proxy = polled_proxies.number)`);
  deleteUnfiltered(database, unfiltered);
  deleteUnfiltered(database, keptUnfiltered, before);
  deleteUnfiltered(database, firstKept(database));
  return old + seen;
}

/** Whole answers that wait for a sink, whatever it wants: of who was on a day ago nobody makes much. */
const MOST_UNFILTERED_BYTES = 512 * 1_048_576;

/** The first of the latest whole answers that may stay. */
function firstKept(database: DatabaseSync): number {
  const answers = database.prepare(
    `SELECT number, octet_length(sessions) + coalesce(octet_length(answer), 0) AS bytes
     FROM unfiltered_polls WHERE sessions IS NOT NULL ORDER BY number DESC`,
  );
  let bytes = 0;
  for (const { number, bytes: more } of answers.iterate()) {
    bytes += Number(more);
    if (bytes > MOST_UNFILTERED_BYTES) return Number(number) + 1;
  }
  return 0;
}

/** Deletes whole answers before number `next`, where they ended before `before`: who wanted them has them. */
export function deleteUnfiltered(
  database: DatabaseSync,
  next: number,
  before = Number.MAX_SAFE_INTEGER,
): void {
  database
    .prepare(
      'UPDATE unfiltered_polls SET sessions = NULL, answer = NULL WHERE number < ? AND at < ? AND sessions IS NOT NULL',
    )
    .run(next, before);
  database.exec(
    `DELETE FROM unfiltered_polls WHERE sessions IS NULL AND number < (SELECT max(number) FROM unfiltered_polls)`,
  );
}
