import type { DatabaseSync } from 'node:sqlite';

/** Events whose words wait for a sink, whatever it wants to keep: about 1 GB. */
export const MOST_LINES = 2_000_000;

/** Deletes what sinks have, and of the rest what is too much or belongs to an event that is gone. */
export function deleteLines(database: DatabaseSync, next: number, most = MOST_LINES): void {
  letGoOfLines(database, next);
  database.exec('DELETE FROM event_lines WHERE number < (SELECT min(seq) FROM events)');
  database
    .prepare('DELETE FROM event_lines WHERE number <= (SELECT max(number) FROM event_lines) - ?')
    .run(most);
}

/**
 * Deletes events before number `next`, but not the last one, which loses its words: so the log keeps its place. Where no sink
 * wants any, everything.
 */
export function letGoOfLines(database: DatabaseSync, next: number): void {
  if (next === Number.MAX_SAFE_INTEGER) {
    database.exec('DELETE FROM event_lines');
    return;
  }
  database
    .prepare('DELETE FROM event_lines WHERE number < ? AND number < (SELECT max(number) FROM event_lines)')
    .run(next);
  database
    .prepare(
      `UPDATE event_lines SET words = NULL
       WHERE number = (SELECT max(number) FROM event_lines) AND number < ? AND words IS NOT NULL`,
    )
    .run(next);
}
