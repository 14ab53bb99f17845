import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { SESSION_STRIDE } from './batch.ts';
import { marks, runAll } from './cells.ts';
import { MERGE_SESSION_BLOCK, SESSIONS_IN_BLOCK } from './session-blocks.ts';

/** Columns of `sessions` that stay as they were written first. */
const FIXED = ['id', 'first_seq', 'host', 'user', 'host_mark', 'user_mark', 'created_at'];
/** Seldom learnt later, and indexed: an update of any indexed column writes its index. */
const LEARNT = ['virtual_proxy', 'proxy_mark'];
const SESSION_COLUMNS = [
  ...['id', 'first_seq', 'last_seq', 'host', 'user', 'session_key', 'virtual_proxy'],
  ...[
    'host_mark',
    'user_mark',
    'proxy_mark',
    'user_agent',
    'created_at',
    'started_at',
    'flags',
    'synthesised_at',
  ],
  ...['last_activity_at', 'ended_at', 'end_reason', 'ended_seen_at'],
  ...['connections', 'open_connections', 'last_connection'],
];
const PROXY_AT = SESSION_COLUMNS.indexOf('virtual_proxy');
const PROXY_MARK_AT = SESSION_COLUMNS.indexOf('proxy_mark');
const STARTED_AT = SESSION_COLUMNS.indexOf('started_at');
const ENDED_AT = SESSION_COLUMNS.indexOf('ended_at');

/** An update in place: REPLACE would delete the row and every index entry first. */
function upsertSession(): string {
  const updates = SESSION_COLUMNS.filter((column) => !FIXED.includes(column) && !LEARNT.includes(column)).map(
    (column) => `${column} = excluded.${column}`,
  );
  return `INSERT INTO sessions (${SESSION_COLUMNS.join(', ')}) VALUES (${marks(SESSION_STRIDE)})
    ON CONFLICT (id) DO UPDATE SET ${updates.join(', ')}`;
}

/** Writes rows of sessions, and what is in each block of them. */
export class SessionWriter {
  readonly #session: StatementSync;
  readonly #proxy: StatementSync;
  readonly #block: StatementSync;

  constructor(database: DatabaseSync) {
    this.#session = database.prepare(upsertSession());
    this.#proxy = database.prepare(
      'UPDATE sessions SET virtual_proxy = ?1, proxy_mark = ?2 WHERE id = ?3 AND proxy_mark <> ?2',
    );
    this.#block = database.prepare(MERGE_SESSION_BLOCK);
  }

  /** `cells`: rows of sessions in the order of their numbers. */
  write(cells: Float64Array): void {
    runAll(this.#session, cells, SESSION_STRIDE);
    let block = -1;
    let startedFrom = 0;
    let endedTo = 0;
    for (let i = 0; i < cells.length; i += SESSION_STRIDE) {
      const cell = (place: number): number => cells[i + place] ?? 0;
      if (cell(PROXY_AT) > 0) this.#proxy.run(cell(PROXY_AT), cell(PROXY_MARK_AT), cell(0));
      const blockOfThis = Math.floor(cell(0) / SESSIONS_IN_BLOCK);
      if (blockOfThis !== block) {
        if (block >= 0) this.#block.run(block, startedFrom, endedTo);
        block = blockOfThis;
        startedFrom = cell(STARTED_AT);
        endedTo = 0;
      }
      startedFrom = Math.min(startedFrom, cell(STARTED_AT));
      // NaN while it is open.
      endedTo = Math.max(endedTo, cell(ENDED_AT) || 0);
    }
    if (block >= 0) this.#block.run(block, startedFrom, endedTo);
  }
}
