import { z } from 'zod';
import {
  type Batch,
  defineSink,
  deliverySettings,
  type Sink,
  type SinkParts,
  TABLES,
} from '../src/contract/sink.ts';

export const consoleSchema = z.strictObject({ type: z.literal('console'), ...deliverySettings });
export type ConsoleConfig = z.output<typeof consoleSchema>;

/** The fields that are times, of every table. */
const TIMES: ReadonlySet<string> = new Set([
  'at',
  'originalAt',
  'receivedAt',
  'firstSeenAt',
  'startedAt',
  'endedAt',
  'lastActivityAt',
]);
/** Rows may be long, and what waits to be read is kept in memory. */
const MOST_CHARACTERS = 1_000_000;

/** Rows as lines of JSON on standard output, to look at or to pipe on. The sink to copy. */
export function createConsoleSink(_config: ConsoleConfig, { name, print }: SinkParts): Sink {
  return {
    name,
    tables: TABLES,
    start: () => Promise.resolve(),
    async write({ table, rows }: Batch, signal: AbortSignal): Promise<void> {
      let text = '';
      for (const [index, row] of rows.entries()) {
        text += `${JSON.stringify({ table, ...row }, withIsoTimes)}\n`;
        if (text.length < MOST_CHARACTERS && index < rows.length - 1) continue;
        await settled(print(text), signal);
        text = '';
      }
    },
    stop: () => Promise.resolve(),
  };
}

export const consoleSink = defineSink({ schema: consoleSchema, create: createConsoleSink });

function withIsoTimes(key: string, value: unknown): unknown {
  return typeof value === 'number' && TIMES.has(key) ? new Date(value).toISOString() : value;
}

/** Whoever reads standard output may have stopped reading. */
function settled(printed: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(new Error('standard output is not read'));
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    void printed.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  });
}
