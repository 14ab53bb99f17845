import type { DatabaseSync } from 'node:sqlite';

/*
 * Changes of sessions are logged only while there are sinks to follow them. `meta.followed` says whether the log is
 * whole, that is whether everything about every session can be learnt from it.
 */

const WHOLE = "SELECT value FROM meta WHERE key = 'followed'";
const MARK = "INSERT OR REPLACE INTO meta (key, value) VALUES ('followed', ?)";

/** How far a sender's clock may be ahead of ours. */
const MOST_AHEAD_MS = 600_000;

/** There are sinks now. Where there were none, every session counts as changed since it was created. */
export function followSessions(database: DatabaseSync): void {
  if (database.prepare(WHOLE).get()?.['value'] === 'yes') return;
  database.exec('BEGIN IMMEDIATE');
  try {
    database
      .prepare(
        'INSERT INTO session_changes (at, session) SELECT created_at - ?, id FROM sessions ORDER BY id',
      )
      .run(MOST_AHEAD_MS);
    database.prepare(MARK).run('yes');
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/** There are no sinks any more: what changes from now on is not in the log. */
export function stopFollowing(database: DatabaseSync): void {
  if (database.prepare(WHOLE).get()?.['value'] === 'yes') database.prepare(MARK).run('no');
}
