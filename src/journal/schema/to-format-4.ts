import type { DatabaseSync } from 'node:sqlite';
import { foldName } from '../../contract/fold-name.ts';

/** Format 3 compared users in lower case. For most names that is the same. */
export function toFormat4(database: DatabaseSync): void {
  const set = database.prepare('UPDATE users SET folded_directory = ?, folded_id = ? WHERE number = ?');
  const users = database.prepare('SELECT * FROM users').all();
  for (const { number, directory, id, folded_directory, folded_id } of users) {
    const folded = [directory ?? '', id].map((name) => foldName(String(name))) as [string, string];
    if (folded[0] === folded_directory && folded[1] === folded_id) continue;
    set.run(...folded, Number(number));
  }
}
