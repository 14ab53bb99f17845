import type { SessionCountsRow, SessionEventRow, SessionRow } from './rows.ts';
import { duration, integer, oneOf, text } from './settings.ts';

export const TABLES = ['session_events', 'sessions', 'session_counts'] as const;
export type Table = (typeof TABLES)[number];

/** Rows of one table, oldest first, never empty. */
export type Batch =
  | { readonly table: 'session_events'; readonly rows: readonly SessionEventRow[] }
  | { readonly table: 'sessions'; readonly rows: readonly SessionRow[] }
  | { readonly table: 'session_counts'; readonly rows: readonly SessionCountsRow[] };

/**
 * Where rows go: a database, a broker, a file. Everything hard (order, batches, retry, back-off, deadlines,
 * setting rows aside, counting) is done once, by the delivery loop; a sink only speaks its protocol.
 */
export interface Sink {
  readonly name: string;
  /** Gets ready. When it rejects it is called again later; a sink that is away must reject, not wait. */
  start(signal: AbortSignal): Promise<void>;
  /**
   * Resolves when the rows are safe. Never called twice at once, nor before `start` has resolved. When it rejects the
   * same rows are offered again, so taking a row twice must do no harm. Must settle soon after `signal` aborts.
   * @throws PoisonRowError where one row can never be taken; nothing of the batch counts as taken
   * @throws NeedsOperatorError where only a person can help
   */
  write(batch: Batch, signal: AbortSignal): Promise<void>;
  /** Lets go of everything; `write` is not called again. */
  stop(): Promise<void>;
  /** What it knows beyond the loop's own counts, for `/api/v1/ingest`: plain JSON, no secrets. */
  details?(): Readonly<Record<string, unknown>>;
}

/** What a sink is made with. */
export interface SinkParts {
  readonly name: string;
  /** Identity of the store the rows come from: two Headcounts may share one database. */
  readonly storeId: string;
  /** Relative paths in the settings start from here. */
  readonly folder: string;
  /** Writes text to standard output; resolves when it is out. */
  readonly print: (text: string) => Promise<void>;
}

/** The row at `place` (from 0) can never be taken, whatever is tried. */
export class PoisonRowError extends Error {
  readonly place: number;

  constructor(place: number, reason: string) {
    super(reason);
    this.place = place;
  }
}

/** Credentials refused, a foreign table in the way: said loudly, tried again now and then. */
export class NeedsOperatorError extends Error {}

/** `rows = delivered + pending + deadLettered + sum(dropped)`, from the sink's first row on. */
export interface TableStats {
  readonly table: Table;
  readonly rows: number;
  readonly delivered: number;
  readonly pending: number;
  /** Set aside: the sink can never take them as they are. */
  readonly deadLettered: number;
  /** By reason: `retention` (only where the operator allowed it), `operator`. */
  readonly dropped: Readonly<Record<string, number>>;
}

/** A table as the database behind a sink has it, when it was last looked at. */
export interface DatabaseTable {
  readonly name: string;
  /** It takes rows without applying them. */
  readonly suspended: boolean;
  /** Rows taken and not yet applied. */
  readonly walPendingRows: number;
}

/** What is known of one sink, for `/api/v1/ingest`. */
export interface SinkStats {
  readonly name: string;
  readonly type: string;
  /** False while what is offered is not taken. */
  readonly up: boolean;
  readonly delivered: number;
  readonly pending: number;
  readonly deadLettered: number;
  readonly dropped: Readonly<Record<string, number>>;
  /** Age of the oldest row that waits; 0 where none does. */
  readonly lagSeconds: number;
  readonly lastError: string | null;
  readonly tables: readonly TableStats[];
  /** Only of a sink whose database can say so. */
  readonly databaseTables?: readonly DatabaseTable[];
  /** What this kind of sink tells beyond that. */
  readonly [detail: string]: unknown;
}

/**
 * What every kind of sink can be told about its delivery: the most rows offered at once, the pause between two
 * offers while there is little to deliver (ms), the time one offer may take (ms), and what becomes of rows that
 * retention reaches before they are delivered.
 */
export const deliverySettings = {
  name: text('a name').optional(),
  batchSize: integer(1, 50_000).prefault(5_000),
  interval: duration('10ms', '1h').prefault('250ms'),
  timeout: duration('100ms', '10m').prefault('30s'),
  undelivered: oneOf('keep', 'drop').prefault('keep'),
} as const;

/** The same as read from the configuration. */
export interface DeliverySettings {
  readonly batchSize: number;
  readonly interval: number;
  readonly timeout: number;
  readonly undelivered: 'keep' | 'drop';
}
