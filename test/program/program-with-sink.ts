import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import type { SinkStats } from '../../src/contract/sink.ts';
import type { QuestDbServer } from '../sinks/questdb/server.ts';
import { type Program, type ProgramFolder, until } from './program.ts';

const MAIN = resolve(import.meta.dirname, '../../src/main.ts');
const AT_ONCE = 1_000;
const run = promisify(execFile);

export const APP = 'a421f4a2-c311-4ef4-ba41-fe2e6a2b0d69';

/** Connections that open, of a hundred users. */
export function items(count: number, appIdOf: (n: number) => string = () => APP) {
  return Array.from({ length: count }, (_, n) => ({
    type: 'connection_open',
    user: { directory: 'LAB', id: `user${n % 100}` },
    host: 'node1',
    appId: appIdOf(n),
  }));
}

export async function post(program: Program, events: readonly object[]): Promise<void> {
  for (let start = 0; start < events.length; start += AT_ONCE) {
    const response = await fetch(`${program.api}/api/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(events.slice(start, start + AT_ONCE)),
    });
    if (response.status !== 202) throw new Error(`${response.status} ${await response.text()}`);
  }
}

export async function sinksOf(program: Program): Promise<readonly SinkStats[]> {
  return (await program.get<{ sinks: SinkStats[] }>('/api/v1/ingest')).sinks;
}

/** Waits until the first sink has been offered so many events and has nothing pending. */
export function delivered(
  program: Program,
  events: number,
  withinMs = 60_000,
): Promise<readonly SinkStats[]> {
  return until(
    () => sinksOf(program),
    ([sink]) =>
      sink?.pending === 0 && (sink.tables[0]?.rows ?? 0) >= events && (sink.tables[1]?.rows ?? 0) > 0,
    withinMs,
  );
}

/** What a command writes that is run beside the program. */
export async function headcount(folder: ProgramFolder, ...args: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [MAIN, ...args, '--config', folder.config]);
  return stdout;
}

/** The only value of the only row. */
export async function countOf(server: QuestDbServer, sql: string): Promise<number> {
  const [row = {}] = await server.query(sql);
  return Number(Object.values(row)[0]);
}
