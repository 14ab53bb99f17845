import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Headcount } from './headcount.ts';
import { cpuTime } from './process-usage.ts';

const POLL_MS = 50;
const GIVE_UP_MS = 600_000;

const ingestSchema = z.object({
  accepted: z.number(),
  inFlight: z.number(),
  sinks: z
    .array(
      z.object({
        delivered: z.number(),
        pending: z.number(),
        deadLettered: z.number(),
        tables: z.array(z.object({ table: z.string(), delivered: z.number(), pending: z.number() })),
      }),
    )
    .length(1),
});

export interface SinkState {
  readonly accepted: number;
  readonly inFlight: number;
  readonly delivered: number;
  readonly pending: number;
  /** Of `session_events` alone. */
  readonly events: { readonly delivered: number; readonly pending: number };
}

/** How far the only sink is; a quarter of a second old at most. */
export async function sinkState(headcount: Headcount): Promise<SinkState> {
  const { accepted, inFlight, sinks } = ingestSchema.parse(await headcount.ingest());
  const [sink] = sinks;
  const events = sink?.tables.find(({ table }) => table === 'session_events');
  if (sink === undefined || events === undefined) throw new Error('no sink');
  if (sink.deadLettered > 0) throw new Error(`${sink.deadLettered} rows were refused`);
  return { accepted, inFlight, delivered: sink.delivered, pending: sink.pending, events };
}

/** Waits until every accepted event is delivered. Returns when that was, and the CPU up to then. */
export async function untilDelivered(headcount: Headcount) {
  const deadline = performance.now() + GIVE_UP_MS;
  for (;;) {
    const { accepted, inFlight, events, pending } = await sinkState(headcount);
    // Sessions and counts come with the next state; the events are what is counted.
    if (inFlight === 0 && events.delivered === accepted && pending === 0) {
      return { at: performance.now(), cpu: cpuTime(headcount.pid).total };
    }
    if (performance.now() > deadline) throw new Error(`never delivered: ${pending} rows pending`);
    await sleep(POLL_MS);
  }
}
