import { nextMessage, pidOf, stop } from '../processes.ts';
import type { Bench } from '../scenario.ts';

const ANSWER_WITHIN_MS = 30_000;

/** A server that takes what clients of Exceptionless send, and does nothing with it. */
export interface BareServer {
  readonly port: number;
  readonly pid: number;
  /** Resolves with the next post that comes. */
  posted(): Promise<void>;
  stop(): Promise<void>;
}

export async function startBareServer({ processes }: Bench): Promise<BareServer> {
  const child = processes.fork('./clients/bare-server.ts');
  const port = await nextMessage<number>(child, ANSWER_WITHIN_MS);
  return {
    port,
    pid: pidOf(child),
    posted: async () => void (await nextMessage(child, ANSWER_WITHIN_MS)),
    stop: async () => void (await stop(child, 'SIGTERM')),
  };
}
