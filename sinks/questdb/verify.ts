import { NeedsOperatorError, type SinkParts } from '../../src/contract/sink.ts';
import type { QuestDbHttp } from './http.ts';
import { CASTS, type Shape } from './shapes.ts';

/** As `siteOfHost` reads it. */
const SITE_BEFORE_HOST = '^[a-z0-9][a-z0-9_-]{0,62}/.*';

/** How a table that is ours differs from its shape. */
interface Differences {
  /** Columns that an older version of ours did not have. */
  readonly missing: Shape['columns'];
  /** Its DEDUP has the keys of an older version. */
  readonly hasFormerKeys: boolean;
}

/**
 * Compares a table with its shape, and adds columns that an older version of ours did not have: these are returned. `name` is as the table was
 * spelled: QuestDB remembers how it read a statement, and falls over its own memory when the next table differs in case.
 * @throws NeedsOperatorError where it was not made by us: what is sent twice would be there twice, or be refused
 */
export async function verifyTable(
  http: QuestDbHttp,
  shape: Shape,
  name: string,
  signal: AbortSignal,
): Promise<Shape['columns']> {
  const { missing } = await differencesOf(http, shape, name, signal);
  for (const [column, type] of missing) {
    await http.query(`ALTER TABLE "${name}" ADD COLUMN IF NOT EXISTS "${column}" ${type}`, signal);
  }
  return missing;
}

/**
 * Gives the rows that this store wrote before there were sites their site, and then the table the keys of now: in this order, so that
 * what is sent again replaces what is there. QuestDB does all of it in the order in which it was told, rows between included, and loses none.
 * `added`: columns that the table has been told to get; none of them may be asked for yet.
 */
export async function bringUpToDate(
  http: QuestDbHttp,
  shape: Shape,
  name: string,
  { storeId, site }: Pick<SinkParts, 'storeId' | 'site'>,
  added: Shape['columns'],
  signal: AbortSignal,
): Promise<void> {
  const [store, own] = [storeId, site].map((text) => text.replaceAll("'", "''"));
  const isWithout = `store = '${store}' AND site IS NULL`;
  const isNew = added.some(([column]) => column === 'site');
  const found = isNew
    ? null
    : await http.query(`SELECT store FROM "${name}" WHERE ${isWithout} LIMIT 1`, signal);
  if (found === null || found.length > 0) {
    const host = shape.hostColumn;
    const itsSite = `CASE WHEN ${host} ~ '${SITE_BEFORE_HOST}' THEN split_part(${host}, '/', 1) ELSE '${own}' END`;
    await http.query(`UPDATE "${name}" SET site = ${itsSite} WHERE ${isWithout}`, signal);
  }
  const { hasFormerKeys } = await differencesOf(http, shape, name, signal);
  if (!hasFormerKeys) return;
  await http.query(`ALTER TABLE "${name}" DEDUP ENABLE UPSERT KEYS(${shape.keys.join(', ')})`, signal);
}

/** @throws NeedsOperatorError as `verifyTable` does */
export async function differencesOf(
  http: QuestDbHttp,
  { time, keys, formerKeys, columns }: Shape,
  name: string,
  signal: AbortSignal,
): Promise<Differences> {
  const rows = await http.query(
    `SELECT lower("column"), type, upsertKey, designated FROM table_columns('${name}')`,
    signal,
  );
  const typeOf = new Map(rows.map(([column, type]) => [column, type]));
  const itsKeys = rows.flatMap(([column, , isKey]) => (isKey === true ? [column] : []));
  const itsTime = rows.find(([, , , isDesignated]) => isDesignated === true)?.[0];
  const hasKeys = (wanted: readonly string[]) =>
    itsTime === time && itsKeys.length === wanted.length && wanted.every((key) => itsKeys.includes(key));

  if (itsKeys.length === 0) {
    throw foreignTable(name, 'has no DEDUP (QuestDB makes such a table of rows that come after DROP TABLE)');
  }
  const hasFormerKeys = formerKeys !== null && hasKeys(formerKeys);
  if (!hasKeys(keys) && !hasFormerKeys) {
    const found = `TIMESTAMP(${itsTime}) and DEDUP UPSERT KEYS(${itsKeys.join(', ')})`;
    throw foreignTable(name, `has ${found} instead of TIMESTAMP(${time}) and KEYS(${keys.join(', ')})`);
  }
  for (const [column, type] of columns) {
    const itsType = typeOf.get(column);
    if (itsType === undefined || CASTS[type].includes(String(itsType))) continue;
    throw foreignTable(name, `has a column ${column} of type ${itsType} instead of ${type}`);
  }
  return { missing: columns.filter(([column]) => !typeOf.has(column)), hasFormerKeys };
}

function foreignTable(name: string, difference: string): NeedsOperatorError {
  return new NeedsOperatorError(
    `table ${name} in QuestDB ${difference}, so it is not Headcount's: ` +
      `move it away (RENAME TABLE ${name} TO ${name}_old), and the right one is made`,
  );
}
