import { NeedsOperatorError } from '../src/core/sink.ts';
import type { QuestDbHttp } from './questdb-http.ts';
import { CASTS, type Shape } from './questdb-shapes.ts';

/**
 * Compares a table with its shape, and adds columns that an older version of ours did not have. `name` is as the table was
 * spelled: QuestDB remembers how it read a statement, and falls over its own memory when the next table differs in case.
 * @throws NeedsOperatorError where it was not made by us: what is sent twice would be there twice, or be refused
 */
export async function verifyTable(
  http: QuestDbHttp,
  { time, keys, columns }: Shape,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const rows = await http.query(
    `SELECT lower("column"), type, upsertKey, designated FROM table_columns('${name}')`,
    signal,
  );
  const typeOf = new Map(rows.map(([column, type]) => [column, type]));
  const itsKeys = rows.flatMap(([column, , isKey]) => (isKey === true ? [column] : []));
  const itsTime = rows.find(([, , , isDesignated]) => isDesignated === true)?.[0];

  if (itsKeys.length === 0) {
    throw foreignTable(name, 'has no DEDUP (QuestDB makes such a table of rows that come after DROP TABLE)');
  }
  if (itsTime !== time || itsKeys.length !== keys.length || !keys.every((key) => itsKeys.includes(key))) {
    const found = `TIMESTAMP(${itsTime}) and DEDUP UPSERT KEYS(${itsKeys.join(', ')})`;
    throw foreignTable(name, `has ${found} instead of TIMESTAMP(${time}) and KEYS(${keys.join(', ')})`);
  }
  for (const [column, type] of columns) {
    const itsType = typeOf.get(column);
    if (itsType === undefined || CASTS[type].includes(String(itsType))) continue;
    throw foreignTable(name, `has a column ${column} of type ${itsType} instead of ${type}`);
  }
  for (const [column, type] of columns) {
    if (typeOf.has(column)) continue;
    await http.query(`ALTER TABLE "${name}" ADD COLUMN IF NOT EXISTS "${column}" ${type}`, signal);
  }
}

function foreignTable(name: string, difference: string): NeedsOperatorError {
  return new NeedsOperatorError(
    `table ${name} in QuestDB ${difference}, so it is not Headcount's: ` +
      `move it away (RENAME TABLE ${name} TO ${name}_old), and the right one is made`,
  );
}
