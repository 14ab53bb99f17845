import { kernelDrops } from './process-usage.ts';
import { nextMessage, pidOf, stop } from './processes.ts';
import type { Bench } from './scenario.ts';

/** Counters since the process started, in datagrams. */
export interface Totals {
  readonly received: number;
  readonly kernelDropped: number;
  /** Read, and thrown away since those before them still waited. */
  readonly ringDropped: number;
  /** Received and not yet accepted. */
  readonly inFlight: number;
}

/** A process that receives datagrams. */
export interface Target {
  readonly name: string;
  readonly pid: number;
  /** UDP port on 127.0.0.1. */
  readonly port: number;
  totals(): Promise<Totals>;
  stop(): Promise<void>;
}

const ANSWER_WITHIN_MS = 10_000;

/** The yardstick: a process that counts datagrams and does nothing else. */
export async function startBareReceiver({ processes }: Bench): Promise<Target> {
  const child = processes.fork('./bare-receiver.ts');
  const { port } = await nextMessage<{ port: number }>(child, ANSWER_WITHIN_MS);
  return {
    name: 'bare',
    pid: pidOf(child),
    port,
    async totals() {
      child.send('count');
      const { received } = await nextMessage<{ received: number }>(child, ANSWER_WITHIN_MS);
      return { received, kernelDropped: kernelDrops(port), ringDropped: 0, inFlight: 0 };
    },
    stop: async () => void (await stop(child, 'SIGTERM')),
  };
}
