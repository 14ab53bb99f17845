import type { DatabaseSync } from 'node:sqlite';

/** Sessions that are left of before the oldest event, and their connections: so many are looked at for the names that they need. */
const MOST_LEFT = 10_000;
const MOST_CONNECTIONS = 50_000;
const LATER_THAN_ALL = Number.MAX_SAFE_INTEGER;

interface Generation {
  readonly firstSeq: number;
  readonly firstString: number;
  readonly firstUser: number;
}

interface UsedNames {
  readonly strings: Set<number>;
  readonly users: Set<number>;
}

/**
 * Deletes names to which no row that is left can refer. Those of whole generations where all rows are of later ones; where a few sessions
 * are left of before, such as one that is open for hours, all but what these refer to.
 */
export function deleteNames(database: DatabaseSync): void {
  const firstSeqOf = (sql: string): number => Number(database.prepare(sql).get()?.['seq'] ?? LATER_THAN_ALL);
  const oldestEvent = firstSeqOf('SELECT min(seq) AS seq FROM events');
  const oldestSession = firstSeqOf('SELECT first_seq AS seq FROM sessions ORDER BY id LIMIT 1');
  const needed = generationOf(database, Math.min(oldestEvent, oldestSession));
  if (needed === null) return;
  database.prepare('DELETE FROM generations WHERE first_seq < ?').run(needed.firstSeq);
  database.prepare('DELETE FROM strings WHERE id < ?').run(needed.firstString);
  database.prepare('DELETE FROM users WHERE number < ?').run(needed.firstUser);
  const ofEvents = generationOf(database, oldestEvent);
  if (ofEvents !== null) deleteBetween(database, needed, ofEvents);
}

/** The one in which the row with that number was written. */
function generationOf(database: DatabaseSync, seq: number): Generation | null {
  const row = database
    .prepare(
      `SELECT first_seq AS firstSeq, first_string AS firstString, first_user AS firstUser
       FROM generations WHERE first_seq <= ? ORDER BY first_seq DESC LIMIT 1`,
    )
    .get(seq);
  return row === undefined ? null : (row as unknown as Generation);
}

function deleteBetween(database: DatabaseSync, from: Generation, to: Generation): void {
  const range = [from.firstSeq, to.firstSeq] as const;
  const [isThere] = database
    .prepare('SELECT 1 FROM generations WHERE first_seq > ? AND first_seq < ? LIMIT 1')
    .all(...range);
  if (isThere === undefined) return;
  const used = usedBefore(database, to.firstSeq);
  if (used === null) return;
  const [strings, users] = [used.strings, used.users].map((numbers) => JSON.stringify([...numbers]));
  const isUnused = (name: string) =>
    `${name} >= ? AND ${name} < ? AND ${name} NOT IN (SELECT value FROM json_each(?))`;
  database
    .prepare(`DELETE FROM strings WHERE ${isUnused('id')}`)
    .run(from.firstString, to.firstString, strings ?? '');
  database
    .prepare(`DELETE FROM users WHERE ${isUnused('number')}`)
    .run(from.firstUser, to.firstUser, users ?? '');
  // What is left of them counts as of the first one.
  database.prepare('DELETE FROM generations WHERE first_seq > ? AND first_seq < ?').run(...range);
}

/** What sessions of before an event refer to; null where there are too many. Numbers of sessions and of their first events rise together. */
function usedBefore(database: DatabaseSync, firstSeq: number): UsedNames | null {
  const used: UsedNames = { strings: new Set(), users: new Set() };
  const connection = database.prepare('SELECT app, previous FROM connections WHERE id = ?');
  let [sessions, connections] = [0, 0];
  for (const row of database.prepare('SELECT * FROM sessions ORDER BY id').iterate()) {
    if (Number(row['first_seq']) >= firstSeq) break;
    sessions += 1;
    if (sessions > MOST_LEFT) return null;
    for (const column of ['host', 'session_key', 'virtual_proxy', 'user_agent']) {
      used.strings.add(Number(row[column]));
    }
    used.users.add(Number(row['user']));
    for (let id = Number(row['last_connection']); id > 0; connections += 1) {
      if (connections > MOST_CONNECTIONS) return null;
      const opened = connection.get(id);
      used.strings.add(Number(opened?.['app'] ?? 0));
      id = Number(opened?.['previous'] ?? 0);
    }
  }
  return used;
}
