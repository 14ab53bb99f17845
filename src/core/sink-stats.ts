import type { Table } from './sink.ts';

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
