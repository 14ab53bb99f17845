import { TABLES } from '../core/sink.ts';
import type { SinkStats, TableStats } from '../core/sink-stats.ts';
import type { Delivery } from './delivery.ts';
import type { DeliveryStore } from './delivery-store.ts';
import type { Feed } from './feed.ts';

/** What to say of one sink. `now`: ms since 1970 UTC. */
export function sinkStats(
  delivery: Delivery,
  type: string,
  feeds: readonly Feed[],
  store: DeliveryStore,
  now: number,
): SinkStats {
  const { sink, trouble } = delivery;
  const parts = feeds.map((feed) => ({ table: feed.table, ...feedStats(sink.name, feed, store) }));
  const tables = TABLES.map(
    (table): TableStats => ({ table, ...sum(parts.filter((part) => part.table === table)) }),
  );
  const since = parts.flatMap(({ waitingSince }) => waitingSince ?? []);
  const { rows: _, ...total } = sum(tables);
  return {
    ...delivery.details(),
    name: sink.name,
    type,
    up: trouble === null,
    ...total,
    lagSeconds: since.length === 0 ? 0 : Math.max(0, now - Math.min(...since)) / 1000,
    lastError: trouble,
    tables,
  };
}

type Counts = Omit<TableStats, 'table'>;

function feedStats(sink: string, feed: Feed, store: DeliveryStore): Counts & { waitingSince: number | null } {
  const { first, done, delivered, passedByRetention } = store.cursor(sink, feed.name, feed.oldest());
  const { dead, dropped } = store.setAsideCounts(sink, feed.name);
  const last = Math.max(feed.last(), done);
  return {
    rows: last - first + 1,
    delivered,
    pending: last - done,
    deadLettered: dead,
    dropped: {
      ...(passedByRetention > 0 ? { retention: passedByRetention } : {}),
      ...(dropped > 0 ? { operator: dropped } : {}),
    },
    waitingSince: feed.waitingSince(done),
  };
}

function sum(parts: readonly Counts[]): Counts {
  const add = (pick: (part: Counts) => number): number =>
    parts.reduce((total, part) => total + pick(part), 0);
  const reasons = new Set(parts.flatMap(({ dropped }) => Object.keys(dropped)));
  return {
    rows: add(({ rows }) => rows),
    delivered: add(({ delivered }) => delivered),
    pending: add(({ pending }) => pending),
    deadLettered: add(({ deadLettered }) => deadLettered),
    dropped: Object.fromEntries(
      [...reasons].map((reason) => [reason, add(({ dropped }) => dropped[reason] ?? 0)]),
    ),
  };
}
