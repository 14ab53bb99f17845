import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { SESSION_STRIDE } from './batch.ts';
import { fill, marks } from './cells.ts';
import { type BlockEntry, SessionBlocks } from './session-blocks.ts';

const COLUMNS = [
  ...[
    'id',
    'first_seq',
    'last_seq',
    'host',
    'user',
    'session_key',
    'virtual_proxy',
    'user_agent',
    'created_at',
  ],
  ...['started_at', 'flags', 'synthesised_at', 'last_activity_at', 'ended_at', 'end_reason', 'ended_seen_at'],
  ...['connections', 'open_connections', 'last_connection'],
];
/** Those that stay as they were written first. */
const FIXED = ['id', 'first_seq', 'host', 'user', 'created_at'];
const [USER_AT, STARTED_AT, ENDED_AT] = ['user', 'started_at', 'ended_at'].map((name) =>
  COLUMNS.indexOf(name),
) as [number, number, number];
const HOST_BIT_AT = COLUMNS.length;
const PROXY_BIT_AT = COLUMNS.length + 1;

/** An update in place: REPLACE would delete the row and every index entry first. */
function upsert(): string {
  const changing = COLUMNS.filter((column) => !FIXED.includes(column));
  return `INSERT INTO sessions (${COLUMNS.join(', ')}) VALUES (${marks(COLUMNS.length)})
    ON CONFLICT (id) DO UPDATE SET ${changing.map((column) => `${column} = excluded.${column}`).join(', ')}`;
}

/** Writes rows of sessions, and what is in each block of them. */
export class SessionWriter {
  readonly #session: StatementSync;
  readonly #blocks: SessionBlocks;

  constructor(database: DatabaseSync) {
    this.#session = database.prepare(upsert());
    this.#blocks = new SessionBlocks(database);
  }

  /** Takes what is stored for the truth: when a batch was rolled back. */
  reload(): void {
    this.#blocks.reload();
  }

  /** `cells`: rows of sessions in the order of their numbers. */
  write(cells: Float64Array): void {
    const row: SQLInputValue[] = new Array(COLUMNS.length).fill(null);
    for (let start = 0; start < cells.length; start += SESSION_STRIDE) {
      fill(row, cells, start, COLUMNS.length);
      this.#session.run(...row);
    }
    this.#blocks.add(entriesOf(cells));
  }
}

function* entriesOf(cells: Float64Array): Generator<BlockEntry> {
  for (let start = 0; start < cells.length; start += SESSION_STRIDE) {
    const cell = (place: number): number => cells[start + place] || 0;
    yield {
      id: cell(0),
      user: cell(USER_AT),
      startedAt: cell(STARTED_AT),
      // NaN while it is open.
      endedAt: cell(ENDED_AT),
      hosts: cell(HOST_BIT_AT),
      proxies: cell(PROXY_BIT_AT),
    };
  }
}
