import type { EdgeAlive, ForwardingIntake } from '../../src/contract/sites/forwarding.ts';
import type { FoundStream } from '../../src/nats/stream.ts';

/** By partition, the number after which events have not come that the edge says are in the stream. */
export function lackingOf(
  edge: string,
  { sent }: EdgeAlive,
  owned: readonly number[],
  intake: ForwardingIntake,
): ReadonlyMap<number, number> {
  const taken = owned.map((partition) => [partition, intake.takenOf(edge, partition)] as const);
  return new Map(taken.filter(([partition, seq]) => seq < (sent[partition] ?? 0)));
}

/** Where to go on in the stream: behind the last message of that partition that was taken of which this is the oldest. */
export function nextOf({ identity }: FoundStream, owned: readonly number[], edges: ForwardingIntake): number {
  const lastOf = new Map(owned.map((partition) => [partition, 0]));
  for (const { partition, stream, streamSeq } of edges.positions()) {
    const last = stream === identity ? lastOf.get(partition) : undefined;
    if (last !== undefined) lastOf.set(partition, Math.max(last, streamSeq));
  }
  return Math.min(...lastOf.values()) + 1;
}
