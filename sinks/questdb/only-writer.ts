import { NeedsOperatorError, type SinkParts } from '../../src/contract/sink.ts';
import type { QuestDbHttp } from './http.ts';

/** Both say with which number of the store they were written: another Headcount of the site may replace the rows of events, but not those of counts. */
const WITH_NUMBERS = ['session_events', 'session_counts'] as const;

/**
 * Refuses to write over rows of somebody else with the same name: a clone of the machine, or what this store became after the
 * backup that was put back. Another Headcount of the same site has another name, and is none of them. `lastSeq` is asked after QuestDB was, so that
 * rows of our own are never taken for another's. `isAll`: looks at all rows, and not at those of the last day alone.
 * @throws NeedsOperatorError
 */
export async function requireOnlyWriter(
  http: QuestDbHttp,
  { storeId, lastSeq }: Pick<SinkParts, 'storeId' | 'lastSeq'>,
  isAll: boolean,
  signal: AbortSignal,
): Promise<void> {
  const recent = isAll ? '' : " AND ts > dateadd('d', -1, now())";
  const store = storeId.replaceAll("'", "''");
  const parts = WITH_NUMBERS.map(
    (table) => `SELECT max(seq) seq FROM ${table} WHERE store = '${store}'${recent}`,
  );
  const rows = await http.query(`SELECT max(seq) FROM (${parts.join(' UNION ALL ')})`, signal);
  const theirs = Number(rows[0]?.[0] ?? 0);
  const ours = lastSeq();
  if (!(theirs > ours)) return;
  throw new NeedsOperatorError(
    `QuestDB has events up to number ${theirs} of the store ${storeId}, and this store ends with ${ours}: either a copy of it writes ` +
      'there too, or a backup was put back. Nothing more is delivered, because one would write over the other. ' +
      'Stop this Headcount, call "headcount new-identity" and start it again',
  );
}
