import { formatDuration } from '../contract/settings.ts';
import type { DeliveryStore } from './delivery-store.ts';
import type { Feed } from './feed.ts';

/** What an operator is told when a sink that was away takes rows again. `awayMs`: how long it was. */
export function backAgain(awayMs: number, behind: number): string {
  return `takes rows again after ${roughly(awayMs)}, ${behind} rows behind`;
}

/** In the largest unit of which there are two or more. */
function roughly(ms: number): string {
  const unit = [86_400_000, 3_600_000, 60_000].find((each) => ms >= 2 * each) ?? 1_000;
  return formatDuration(Math.max(1, Math.round(ms / unit)) * unit);
}

/** Numbers that these feeds have yet to deliver to a sink. */
export function rowsBehind(sink: string, feeds: readonly Feed[], store: DeliveryStore): number {
  return feeds.reduce(
    (sum, feed) => sum + Math.max(0, feed.last() - store.cursor(sink, feed.name, feed.oldest()).done),
    0,
  );
}

/**
 * What an operator is told when a table had to be made that was there before: it is empty, and how it is filled again. Null where
 * nothing was delivered to it yet. `feeds` are those of the table.
 */
export function madeAgain(
  sink: string,
  table: string,
  feeds: readonly Feed[],
  store: DeliveryStore,
): string | null {
  const delivered = feeds.reduce(
    (sum, feed) => sum + store.cursor(sink, feed.name, feed.oldest()).delivered,
    0,
  );
  const since = feeds.flatMap((feed) => feed.waitingSince(feed.oldest() - 1) ?? []);
  if (delivered === 0 || since.length === 0) return null;
  const rows = feeds.reduce((sum, feed) => sum + feed.last() - feed.oldest() + 1, 0);
  const from = new Date(Math.min(...since)).toISOString();
  return (
    `table ${table} was gone and was made again, empty: "headcount resend ${sink} --from ${from}" ` +
    `fills it with the ${rows} rows that are kept here`
  );
}

/** What an error says, whatever was thrown. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
