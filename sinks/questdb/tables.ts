import { type FilteredTable, NeedsOperatorError, type SinkParts, TABLES } from '../../src/contract/sink.ts';
import type { QuestDbHttp } from './http.ts';
import { DEFAULT_RETENTION_MS } from './questdb.schema.ts';
import { createTable, SHAPES } from './shapes.ts';
import { bringUpToDate, differencesOf, verifyTable } from './verify.ts';
import { createViews } from './views.ts';

const DAY_MS = 86_400_000;
const DAYS_OF: Readonly<Record<string, number>> = { HOUR: 1 / 24, DAY: 1, WEEK: 7 };

/**
 * Which tables there are is asked of `pg_class`, where `oid` is the id: `tables()` may go on telling of one that was renamed
 * as rows arrived, under its old name, until QuestDB is restarted. BOOLEAN has no null: false where a side has no row.
 */
const STATES = `SELECT c.relname, c.oid, w.suspended, t.dedup, t.wal_pending_row_count, t.ttlValue, t.ttlUnit,
  w.sequencerTxn
FROM pg_class c LEFT JOIN wal_tables() w ON w.name = c.relname
LEFT JOIN tables() t ON t.id = c.oid AND t.table_name = c.relname
WHERE lower(c.relname) IN (${TABLES.map((table) => `'${table}'`).join(', ')})`;

/** Who owns the rows of a table. */
type Owner = Pick<SinkParts, 'storeId' | 'site' | 'madeTable'>;

/** One of our tables as the server has it. Another table of the same name has another `id`. */
interface TableState {
  /** As it was spelled when it was made; QuestDB does not tell cases apart. */
  readonly name: string;
  readonly id: unknown;
  readonly isSuspended: boolean;
  /** False where that is not known, too. */
  readonly hasDedup: boolean;
  readonly walPendingRows: number;
  /** NaN for a TTL in months or years. */
  readonly ttlDays: number;
  /** One more with every request that was taken. NaN where that is not known. */
  readonly transactions: number;
}

/** Our tables and their views: made where they are missing, and watched, because they may be dropped at any time. */
export class QuestDbTables {
  readonly #http: QuestDbHttp;
  readonly #retentionMs: number | null;
  readonly #parts: Owner;
  /** The id of each table that was found to be as it must be. */
  readonly #verified = new Map<FilteredTable, unknown>();
  #states: readonly TableState[];
  /** Why a table has no views. */
  readonly #viewTroubles: Map<FilteredTable, string>;

  /**
   * `parts`: whose tables they are; `madeTable` is told of each that had to be made. `retentionMs`: null leaves tables that are there with the TTL that they have. `before`: what it saw last is told of until
   * there is something newer, but nothing that it verified counts.
   */
  constructor(
    http: QuestDbHttp,
    retentionMs: number | null,
    parts: Owner,
    before: QuestDbTables | null = null,
  ) {
    this.#http = http;
    this.#parts = parts;
    this.#retentionMs = retentionMs;
    this.#states = before === null ? [] : before.#states;
    this.#viewTroubles = new Map(before === null ? [] : before.#viewTroubles);
  }

  /**
   * Makes sure that a table is there and as it must be. Returns what `confirm` wants to know of it.
   * @throws NeedsOperatorError where another one is in the way
   */
  async prepare(table: FilteredTable, signal: AbortSignal): Promise<TableState> {
    const state = (await this.#look(table, signal)) ?? (await this.#create(table, signal));
    const isKnown = this.#verified.get(table) === state.id;
    const isSure = isKnown && state.hasDedup;
    const added = isSure ? [] : await verifyTable(this.#http, SHAPES[table], state.name, signal);
    if (!isKnown) {
      await bringUpToDate(this.#http, SHAPES[table], state.name, this.#parts, added, signal);
      await this.#setRetention(state, signal);
      // A view cannot be made of a column that is yet to come.
      if (added.length > 0 && !state.isSuspended) {
        await this.#http.query(`SELECT wait_wal_table('${state.name}')`, signal);
      }
      await this.#createViews(table, signal);
      this.#verified.set(table, state.id);
    }
    return state;
  }

  /**
   * QuestDB says yes to every line, also after DROP TABLE: then it makes a table by itself, without DEDUP. A suspended one says
   * yes without end. And a connection, also one between a proxy and QuestDB, remembers the table that it wrote to last: rows
   * go nowhere when that was made anew. Ids are never given twice, so they are safe where the id is the same as before, and
   * the table has had as many transactions as `requests` were taken.
   * @throws Error where rows may be elsewhere; NeedsOperatorError where only a person can help
   */
  async confirm(
    table: FilteredTable,
    before: TableState,
    requests: number,
    signal: AbortSignal,
  ): Promise<void> {
    const state = await this.#look(table, signal);
    if (state !== undefined && (state.id !== before.id || !state.hasDedup)) {
      await verifyTable(this.#http, SHAPES[table], state.name, signal);
    }
    if (state === undefined || state.id !== before.id) {
      throw new Error(`table ${table} was dropped while rows were written`);
    }
    this.requireRunning(table);
    if (state.transactions < before.transactions + requests) {
      throw new Error(`QuestDB took rows for table ${table} that are not in it`);
    }
  }

  /** @throws NeedsOperatorError where the table, as seen last, takes rows without applying them */
  requireRunning(table: FilteredTable): void {
    if (!this.#states.some(({ name, isSuspended }) => name.toLowerCase() === table && isSuspended)) return;
    throw suspended(table);
  }

  details(): Readonly<Record<string, unknown>> {
    const tables = this.#states.map(({ name, isSuspended, walPendingRows }) => {
      return { name, suspended: isSuspended, walPendingRows };
    });
    return { databaseTables: tables, views: [...this.#viewTroubles.values()][0] ?? 'ready' };
  }

  async #look(table: FilteredTable, signal: AbortSignal): Promise<TableState | undefined> {
    const rows = await this.#http.query(STATES, signal);
    this.#states = rows.map(stateOf);
    return this.#states.find(({ name }) => name.toLowerCase() === table);
  }

  async #create(table: FilteredTable, signal: AbortSignal): Promise<TableState> {
    const days = (this.#retentionMs ?? DEFAULT_RETENTION_MS) / DAY_MS;
    await this.#http.query(createTable(SHAPES[table], days), signal);
    const state = await this.#look(table, signal);
    if (state === undefined) throw new Error(`table ${table} is not there although it was just made`);
    this.#parts.madeTable(table);
    return state;
  }

  async #setRetention({ name, ttlDays }: TableState, signal: AbortSignal): Promise<void> {
    if (this.#retentionMs === null || ttlDays * DAY_MS === this.#retentionMs) return;
    await this.#http.query(`ALTER TABLE "${name}" SET TTL ${this.#retentionMs / DAY_MS} DAYS`, signal);
  }

  /** Rows do without them; an older QuestDB knows none. */
  async #createViews(table: FilteredTable, signal: AbortSignal): Promise<void> {
    try {
      await createViews(this.#http, table, signal);
      this.#viewTroubles.delete(table);
    } catch (error) {
      if (!(error instanceof NeedsOperatorError)) throw error;
      this.#viewTroubles.set(table, error.message);
    }
  }
}

function stateOf(row: readonly unknown[]): TableState {
  const [name, id, suspended, dedup, walPendingRows, ttl, unit, transactions] = row;
  return {
    name: String(name),
    id,
    isSuspended: suspended === true,
    hasDedup: dedup === true,
    walPendingRows: typeof walPendingRows === 'number' ? walPendingRows : 0,
    ttlDays: Number(ttl) * (DAYS_OF[String(unit)] ?? Number.NaN),
    transactions: typeof transactions === 'number' ? transactions : Number.NaN,
  };
}

/**
 * Looks at our tables without making or changing one; says what there is to know of them.
 * @throws NeedsOperatorError where one of them cannot take rows as it is
 */
export async function examineTables(http: QuestDbHttp, signal: AbortSignal): Promise<string[]> {
  const states = (await http.query(STATES, signal)).map(stateOf);
  const notes: string[] = [];
  for (const table of TABLES) {
    const state = states.find(({ name }) => name.toLowerCase() === table);
    if (state === undefined) {
      notes.push(`table ${table} is not there yet; it is made when Headcount starts`);
      continue;
    }
    if (state.isSuspended) throw suspended(table);
    const { hasFormerKeys } = await differencesOf(http, SHAPES[table], state.name, signal);
    if (hasFormerKeys) notes.push(`table ${table} gets the keys of this version when Headcount starts`);
    if (state.walPendingRows > 0) notes.push(`table ${table} has ${state.walPendingRows} rows to apply`);
  }
  return notes;
}

function suspended(table: FilteredTable): NeedsOperatorError {
  return new NeedsOperatorError(
    `table ${table} is suspended: QuestDB keeps its rows but does not apply them. ` +
      `SELECT * FROM wal_tables() says why; then ALTER TABLE ${table} RESUME WAL`,
  );
}
