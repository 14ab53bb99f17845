import type { DatabaseTable, SinkStats, TableStats } from '../../contract/sink.ts';
import { type Metric, Rising, type Sample } from './metric.ts';

const SINK = ['sink'];
const TABLE = ['sink', 'table'];

export function sinkMetrics(sinks: () => readonly SinkStats[]): Metric[] {
  const delivered = new TableCounters(({ delivered }) => [['', delivered]]);
  const dropped = new TableCounters((table) => Object.entries(table.dropped));
  const ofSinks = (value: (sink: SinkStats) => number) => () =>
    sinks().map((sink): Sample => [value(sink), sink.name]);
  const ofTables = (value: (table: TableStats) => number) => () =>
    sinks().flatMap(({ name, tables }) => tables.map((table): Sample => [value(table), name, table.table]));
  const ofDatabase = (value: (table: DatabaseTable) => number) => () =>
    sinks().flatMap(({ name, databaseTables = [] }) =>
      databaseTables.map((table): Sample => [value(table), name, table.name]),
    );
  return [
    {
      name: 'headcount_sink_up',
      help: '1 while the sink takes what it is offered',
      labels: SINK,
      samples: ofSinks(({ up }) => (up ? 1 : 0)),
    },
    {
      name: 'headcount_sink_lag_seconds',
      help: 'Age of the oldest row that waits for the sink, 0 where none does',
      labels: SINK,
      samples: ofSinks(({ lagSeconds }) => lagSeconds),
    },
    {
      name: 'headcount_sink_rows_delivered_total',
      help: 'Rows the sink took since the first scrape after the start, counted again when sent again',
      labels: TABLE,
      samples: () => delivered.at(sinks()).map(([risen, sink, table]) => [risen, sink, table]),
    },
    {
      name: 'headcount_sink_rows_pending',
      help: 'Rows that wait for the sink',
      labels: TABLE,
      samples: ofTables(({ pending }) => pending),
    },
    {
      name: 'headcount_sink_rows_dead_lettered',
      help: 'Rows set aside, because the sink can never take them as they are',
      labels: TABLE,
      samples: ofTables(({ deadLettered }) => deadLettered),
    },
    {
      name: 'headcount_sink_rows_dropped_total',
      help: 'Rows given up since the first scrape after the start, where the operator allowed it',
      labels: [...TABLE, 'reason'],
      samples: () => dropped.at(sinks()),
    },
    {
      name: 'headcount_sink_table_suspended',
      help: '1 while the database takes rows of the table without applying them',
      labels: TABLE,
      samples: ofDatabase(({ suspended }) => (suspended ? 1 : 0)),
    },
    {
      name: 'headcount_sink_table_wal_pending_rows',
      help: 'Rows the database took and has yet to apply',
      labels: TABLE,
      samples: ofDatabase(({ walPendingRows }) => walPendingRows),
    },
  ];
}

/** Numbers of tables as counters that begin at zero when the table is first looked at. */
class TableCounters {
  readonly #numbers: (table: TableStats) => readonly (readonly [reason: string, number: number])[];
  readonly #counters = new Map<string, Map<string, Rising>>();

  constructor(numbers: (table: TableStats) => readonly (readonly [reason: string, number: number])[]) {
    this.#numbers = numbers;
  }

  at(sinks: readonly SinkStats[]): [risen: number, sink: string, table: string, reason: string][] {
    return sinks.flatMap(({ name, tables }) =>
      tables.flatMap((table) =>
        this.#rises(`${name}\n${table.table}`, this.#numbers(table)).map(
          ([reason, risen]): [number, string, string, string] => [risen, name, table.table, reason],
        ),
      ),
    );
  }

  #rises(key: string, numbers: readonly (readonly [reason: string, number: number])[]): [string, number][] {
    const known = this.#counters.get(key);
    const counters = known ?? new Map<string, Rising>();
    this.#counters.set(key, counters);
    return numbers.map(([reason, number]) => {
      // A reason that comes up later was at zero before.
      const counter = counters.get(reason) ?? new Rising(known === undefined ? number : 0);
      counters.set(reason, counter);
      return [reason, counter.at(number)];
    });
  }
}
