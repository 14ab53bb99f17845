import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { z } from 'zod';
import { pidOf, stop } from './processes.ts';
import type { Bench } from './scenario.ts';
import type { Target, Totals } from './target.ts';

/** How long a start may take before the bench gives up; with a million sessions to load. */
const START_WITHIN_MS = 120_000;
const STOP_WITHIN_MS = 30_000;
const POLL_MS = 10;
/** As `npm start` has it in package.json. */
const START_FLAGS = ['--max-semi-space-size=8'];

const listeningSchema = z.object({
  msg: z.literal('listening'),
  udp: z.array(z.string()).min(1),
  tcp: z.array(z.string()).min(1),
  api: z.string(),
});
const ingestSchema = z.object({
  received: z.number(),
  accepted: z.number(),
  inFlight: z.number(),
  receivers: z.array(z.object({ kernelDropped: z.number().nullable(), ringDropped: z.number().default(0) })),
});
const countsSchema = z.object({
  active: z.object({ sessions: z.number() }),
  created: z.object({ total: z.number() }),
});

/** Headcount as shipped, with a store in a folder of its own. */
export interface Headcount extends Target {
  /** From the start of the process until `/readyz` said 200. */
  readonly startedWithinMs: number;
  /** Where the API is. */
  readonly api: string;
  readonly tcpPort: number;
  /** What `/api/v1/ingest` answers. */
  ingest(): Promise<unknown>;
  /** Events accepted since the process started. */
  accepted(): Promise<number>;
  activeSessions(): Promise<number>;
  /** Sessions created since the store began. */
  createdSessions(): Promise<number>;
  /** Rejects when the program does not end by itself. */
  stop(): Promise<void>;
  /** As a crash would end it. */
  kill(): Promise<void>;
}

/**
 * `settings` are top-level keys of the configuration; all others are the defaults, on free ports. `command`: another one than the
 * program of `bench`.
 */
export async function startHeadcount(
  bench: Bench,
  folder: string,
  settings: object = {},
  command: readonly string[] = [process.execPath, ...START_FLAGS, ...bench.nodeArgs, bench.program],
): Promise<Headcount> {
  const config = join(folder, 'config.yaml');
  const receivers = ['udp', 'tcp'].map((type) => ({ type, port: 0 }));
  writeFileSync(config, stringify({ receivers, api: { port: 0 }, log: { format: 'json' }, ...settings }));
  const startedAt = performance.now();
  const [file = '', ...args] = [...command, 'start', '--config', config];
  const child = bench.processes.start(file, args, folder);
  const { udp, tcp, api } = await addressesOf(child);
  await untilReady(api, startedAt + START_WITHIN_MS);
  const startedWithinMs = performance.now() - startedAt;
  const counts = async () => countsSchema.parse(await getJson(`${api}/api/v1/counts`));
  return {
    name: 'headcount',
    pid: pidOf(child),
    port: portOf(udp),
    tcpPort: portOf(tcp),
    startedWithinMs,
    api,
    ingest: () => getJson(`${api}/api/v1/ingest`),
    totals: async () => totalsOf(ingestSchema.parse(await getJson(`${api}/api/v1/ingest`))),
    accepted: async () => ingestSchema.parse(await getJson(`${api}/api/v1/ingest`)).accepted,
    activeSessions: async () => (await counts()).active.sessions,
    createdSessions: async () => (await counts()).created.total,
    async stop() {
      const isClean = await stop(child, 'SIGTERM', STOP_WITHIN_MS);
      if (!isClean || child.exitCode !== 0) throw new Error(`headcount ended with ${child.exitCode}`);
    },
    kill: async () => void (await stop(child, 'SIGKILL')),
  };
}

function portOf(addresses: readonly string[]): number {
  return Number(addresses[0]?.split(':').at(-1));
}

/** Reads the log up to the line `listening`, and goes on reading so that the pipe never fills. */
async function addressesOf(child: ChildProcess): Promise<z.output<typeof listeningSchema>> {
  if (child.stdout === null) throw new Error('no standard output');
  const { promise, resolve, reject } = Promise.withResolvers<z.output<typeof listeningSchema>>();
  const seen: string[] = [];
  const giveUp = (): void => reject(new Error(`headcount does not listen. Its log: ${seen.join('\n')}`));
  const timer = setTimeout(giveUp, START_WITHIN_MS);
  createInterface(child.stdout).on('line', (line) => {
    const found = line.startsWith('{') ? listeningSchema.safeParse(JSON.parse(line)) : null;
    if (found?.success) resolve(found.data);
    seen.push(line);
    if (seen.length > 20) seen.shift();
  });
  child.once('exit', giveUp);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    child.off('exit', giveUp);
  }
}

async function untilReady(api: string, deadline: number): Promise<void> {
  while (!(await fetch(`${api}/readyz`)).ok) {
    if (performance.now() > deadline) throw new Error('/readyz never said 200');
    await sleep(POLL_MS);
  }
}

async function getJson(url: string): Promise<unknown> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return answer.json();
}

function totalsOf({ received, inFlight, receivers }: z.output<typeof ingestSchema>): Totals {
  const kernelDropped = receivers.reduce((sum, receiver) => sum + (receiver.kernelDropped ?? 0), 0);
  const ringDropped = receivers.reduce((sum, receiver) => sum + receiver.ringDropped, 0);
  return { received, inFlight, kernelDropped, ringDropped };
}
