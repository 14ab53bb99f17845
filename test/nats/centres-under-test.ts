import { setTimeout as sleep } from 'node:timers/promises';
import { Program, ProgramFolder, until } from '../program/program.ts';

export const list = (urls: readonly string[]) => `[${urls.map((url) => `"${url}"`).join(', ')}]`;

/** Who is on, as any centre answers it. */
export interface AllCounts {
  readonly quality: string;
  readonly reasons: readonly string[];
  readonly active: {
    readonly sessions: number;
    readonly users: number;
    readonly connections: number;
    readonly bounds: { readonly sessions: { readonly low: number; readonly high: number | null } } | null;
  };
  readonly created: { readonly total: number };
  readonly hosts: readonly { readonly host: string; readonly sessions: number; readonly users: number }[];
  readonly sites?: readonly { readonly site: string; readonly sessions: number; readonly users: number }[];
  readonly partial?: boolean;
  readonly missingPartitions?: readonly number[];
}

/** Edges and centres of one stream, each a program of its own, that can be killed, stopped and started again. */
export class CentresUnderTest {
  readonly #urls: readonly string[];
  readonly #running = new Map<ProgramFolder, Program>();
  readonly #folders: ProgramFolder[] = [];

  constructor(urls: readonly string[]) {
    this.#urls = urls;
  }

  async edge(site: string, replicas = 1): Promise<Program> {
    const sink = `{ type: nats, servers: ${list(this.#urls)}, interval: 20ms, partitions: 4, replicas: ${replicas}, maxSize: 100MB }`;
    return this.run(this.#folder(`site: ${site}\nsinks:\n  - ${sink}\n`));
  }

  centre(partitions: string, api?: string): ProgramFolder {
    const receiver = `  - { type: nats, servers: ${list(this.#urls)}, partitions: "${partitions}" }\n`;
    return this.#folder('', receiver, api);
  }

  #folder(extra: string, receivers = '', api?: string): ProgramFolder {
    const folder = new ProgramFolder(extra, receivers, api);
    this.#folders.push(folder);
    return folder;
  }

  async run(folder: ProgramFolder): Promise<Program> {
    const program = await Program.start(folder);
    this.#running.set(folder, program);
    return program;
  }

  async dispose(): Promise<void> {
    for (const program of this.#running.values()) {
      program.child.kill('SIGCONT');
      await program.end('SIGKILL');
    }
    for (const folder of this.#folders) folder.dispose();
  }
}

export async function post(program: Program, items: readonly object[]): Promise<void> {
  const answer = await fetch(`${program.api}/api/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(items),
  });
  if (answer.status !== 202) throw new Error(`answered ${answer.status}: ${await answer.text()}`);
}

/** Starts of sessions of different users. */
export const starts = (from: number, count: number, host = 'node1') =>
  Array.from({ length: count }, (_, n) => ({
    ...{ type: 'session_start', host, id: `${host}-${from + n}` },
    user: { directory: 'LAB', id: `user${from + n}` },
  }));

export const counts = (program: Program, query = '') => program.get<AllCounts>(`/api/v1/counts${query}`);

export const countsThat = (program: Program, fit: (counts: AllCounts) => boolean, query = '') =>
  until(() => counts(program, query), fit, 20_000);

/** Milliseconds until it is so, which is looked at all the time. */
export async function timeUntil(isSo: () => Promise<boolean>, withinMs: number): Promise<number> {
  const startedAt = performance.now();
  while (!(await isSo())) {
    if (performance.now() - startedAt > withinMs) throw new Error(`not so within ${withinMs} ms`);
    await sleep(50);
  }
  return performance.now() - startedAt;
}
