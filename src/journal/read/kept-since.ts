import type { DatabaseSync } from 'node:sqlite';

/** From when on no session has been deleted: the arrival of the oldest event, once any were. */
export function keptSince(database: DatabaseSync): number {
  const oldest = database.prepare('SELECT seq, received_at FROM events ORDER BY seq LIMIT 1').get();
  return oldest === undefined || Number(oldest['seq']) <= 1 ? 0 : Number(oldest['received_at']);
}
