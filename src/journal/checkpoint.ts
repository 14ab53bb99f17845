import type { DatabaseSync } from 'node:sqlite';
import type { SiteState } from '../sessions/site-state.ts';
import { JournalError } from './journal-file.ts';

/** A value of `meta`. */
export function metaOf(database: DatabaseSync, key: string): string {
  return String(database.prepare('SELECT value FROM meta WHERE key = ?').get(key)?.['value']);
}

/** Arrival of the first event that fits; null where none does. */
export function arrivalOf(database: DatabaseSync, where: string): number | null {
  const record = database.prepare(`SELECT received_at FROM events WHERE ${where} LIMIT 1`).get();
  return record === undefined ? null : Number(record['received_at']);
}

/**
 * The latest checkpoint, null where there is none yet. SQLite takes any write-ahead log that lies beside the file, say that
 * of the file before a backup was put back. What this reads is in a store of every format.
 * @throws JournalError where it is not of this journal
 */
export function checkpointOf(database: DatabaseSync): { seq: number; at: number; state: SiteState } | null {
  const checkpoint = database.prepare('SELECT seq, at, state FROM checkpoint').get();
  if (checkpoint === undefined) return null;
  const seq = Number(checkpoint['seq']);
  const state = JSON.parse(String(checkpoint['state'])) as SiteState;
  const isOurs = state.store === undefined || state.store === metaOf(database, 'store');
  // Retention leaves the event of the checkpoint.
  if (isOurs && (seq === 0 || arrivalOf(database, `seq = ${seq}`) !== null)) {
    return { seq, at: Number(checkpoint['at']), state };
  }
  throw new JournalError('the log beside it (-wal) is that of another journal, or events are missing');
}
