import type { z } from 'zod';
import type { Plugin, PluginSchema } from './plugin.ts';
import type { SettingNote } from './receiver.ts';
import type {
  AcceptedEventRow,
  EventLineRow,
  SessionCountsRow,
  SessionEventRow,
  SessionRow,
  SessionSnapshotRow,
  SnapshotSessionRow,
  UnfilteredSnapshotRow,
} from './rows.ts';
import { duration, integer, oneOf, text } from './settings.ts';
import type { EdgeReport } from './sites/forwarding.ts';

/** Tables without excluded users. */
export const TABLES = [
  'session_events',
  'sessions',
  'session_counts',
  'session_snapshots',
  'snapshot_sessions',
] as const;
export type FilteredTable = (typeof TABLES)[number];

/**
 * Tables whose rows are kept only while some sink wants them, and only until every such sink has them, so a new sink gets
 * those from then on. `event_lines` is `session_events` with the words of the lines, for a sink that wants these in place of
 * it. `unfiltered_snapshots` has excluded users too.
 */
const KEPT_TABLES = ['event_lines', 'unfiltered_snapshots'] as const;
/** `accepted_events` is `session_events` for another Headcount: each event once, with what its tracker needs. */
export const ALL_TABLES = [...TABLES, ...KEPT_TABLES, 'accepted_events'] as const;
export type Table = (typeof ALL_TABLES)[number];

/** Rows of one table, oldest first, never empty. */
export type Batch =
  | { readonly table: 'session_events'; readonly rows: readonly SessionEventRow[] }
  | { readonly table: 'sessions'; readonly rows: readonly SessionRow[] }
  | { readonly table: 'session_counts'; readonly rows: readonly SessionCountsRow[] }
  | { readonly table: 'session_snapshots'; readonly rows: readonly SessionSnapshotRow[] }
  | { readonly table: 'snapshot_sessions'; readonly rows: readonly SnapshotSessionRow[] }
  | { readonly table: 'event_lines'; readonly rows: readonly EventLineRow[] }
  | { readonly table: 'accepted_events'; readonly rows: readonly AcceptedEventRow[] }
  | { readonly table: 'unfiltered_snapshots'; readonly rows: readonly UnfilteredSnapshotRow[] };

export type FilteredBatch = Extract<Batch, { readonly table: FilteredTable }>;

/**
 * Where rows go: a database, a broker, a file. Everything hard (order, batches, retry, back-off, deadlines,
 * setting rows aside, counting) is done once, by the delivery loop; a sink only speaks its protocol.
 *
 * The life of a sink:
 *  1. It is made once and does nothing then: no file is opened, nobody is connected to.
 *  2. `start` is called before the first `write`, and again, after a pause, as long as it rejects.
 *  3. `write` gets one batch at a time, and the next one only when the one before has settled.
 *  4. When `write` rejects, the same rows are offered again: taking a row twice must do no harm.
 *  5. After a `write` that rejected `start` is called again before the next one, because the connection may be gone and
 *     what was found to be right may have changed. So `start` may be called any number of times, and should be cheap.
 *     Two errors say that the connection is well: after a PoisonRowError there is no new start, and after a
 *     NeedsOperatorError the other tables are offered once before it.
 *  6. No two calls of `start` and `write` are ever under way at once.
 *  7. `stop` is called once no call is under way, or when a deadline has passed; without `start`, too. Calling it twice
 *     does no harm. Nothing is called after it.
 */
export interface Sink {
  readonly name: string;
  /** What it wants. It gets rows of no other table, and the books count no others. The same as long as it lives. */
  readonly tables: readonly Table[];
  /**
   * Gets ready. A sink that is away must reject, not wait; must settle soon after `signal` aborts.
   * @throws NeedsOperatorError where only a person can help
   */
  start(signal: AbortSignal): Promise<void>;
  /**
   * Resolves when the rows are safe. Must reject soon after `signal` aborts: by then nobody waits for the rows any more.
   * @throws PoisonRowError where one row can never be taken; nothing of the batch counts as taken
   * @throws NeedsOperatorError where only a person can help
   */
  write(batch: Batch, signal: AbortSignal): Promise<void>;
  /**
   * Number up to which rows of a table are where they are needed, where that is later than when they were taken: retention
   * leaves those behind it to be offered again. At any time.
   */
  safeThrough?(table: Table): number;
  /** Lets go of everything. */
  stop(): Promise<void>;
  /** What it knows beyond the loop's own counts, for `/api/v1/ingest`: plain JSON, no secrets. At any time. */
  details?(): Readonly<Record<string, unknown>>;
}

/** What a sink is made with. */
export interface SinkParts {
  readonly name: string;
  /** Identity of the store the rows come from: two Headcounts may share one database. */
  readonly storeId: string;
  /** Number of the store's latest event: what has a later one under its name was written by somebody else. */
  readonly lastSeq: () => number;
  /** Of which site this Headcount tells, where several sites meet. */
  readonly site: string;
  /**
   * Offers the rows of a table again that come after this number, soon. Returns the number of the first row there still is
   * after it: those before are gone.
   */
  readonly offerAgain: (table: Table, after: number) => number;
  /** Number up to which rows of a table were taken by the far side, or never will be. */
  readonly doneThrough: (table: Table) => number;
  /** What this Headcount says of itself, as it was two seconds ago at most; only for a sink that wants `accepted_events`. Null before it is known. */
  readonly report: () => EdgeReport | null;
  /** To be told of a table that was not there and had to be made. */
  readonly madeTable: (table: Table) => void;
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number;
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

/** Credentials refused, a foreign table in the way: said loudly, tried again now and then. About one table, as a rule. */
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

/** What is known of the settings of any kind of sink. */
export interface SinkSettings extends DeliverySettings {
  readonly type: string;
  readonly name?: string | undefined;
}

/** One kind of sink. */
export interface SinkPlugin<S extends PluginSchema = PluginSchema> extends Plugin<S> {
  /** Makes one, which does nothing before `start`. */
  create(config: z.output<S>, parts: SinkParts): Sink;
  /** For `headcount check`: looks at the files that the settings name. */
  examineFiles?(config: z.output<S>, folder: string): Promise<readonly SettingNote[]>;
  /**
   * For `headcount doctor`: looks at the far side and changes nothing there. Resolves to what there is to know of it.
   * Must settle soon after `signal` aborts.
   * @throws Error with a message for people where rows could not be delivered as it is
   */
  examine?(config: z.output<S>, folder: string, signal: AbortSignal): Promise<readonly string[]>;
}

/** For the file of a sink: what it exports for the list in `sinks/index.ts`, with its types checked. */
export function defineSink<S extends PluginSchema>(plugin: SinkPlugin<S>): SinkPlugin<S> {
  return plugin;
}

/** The module that knows every kind of sink. */
export interface SinkModule {
  createSink(config: SinkSettings, parts: SinkParts): Sink;
}
