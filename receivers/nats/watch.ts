import type { ConsumerMessages, ConsumerNotification } from '@nats-io/jetstream';

/**
 * What a consumer says when its place in the stream is gone. The library makes it anew then, and sometimes nothing comes of that, without a word: a new
 * connection goes on where we are.
 */
const LOST: ReadonlySet<ConsumerNotification['type']> = new Set([
  ...(['heartbeats_missed', 'consumer_not_found', 'consumer_deleted', 'stream_not_found', 'reset'] as const),
]);

/** Calls `lost` where the place in the stream is gone. Resolves when the messages end. */
export async function watch(messages: ConsumerMessages, lost: (type: string) => void): Promise<void> {
  for await (const { type } of messages.status()) if (LOST.has(type)) lost(type);
}
