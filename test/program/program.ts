import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const MAIN = resolve(import.meta.dirname, '../../src/main.ts');
/** What starts the program of this repository. */
export const HERE: readonly string[] = [process.execPath, MAIN];

/** A folder with a configuration for one Headcount after the other: ports are free ones, everything on loopback. */
export class ProgramFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'headcount-program-'));
  readonly config = join(this.path, 'config.yaml');
  readonly #receivers: string;

  /** `extra`: more YAML, such as a blacklist. `receivers`: lines of YAML, one each. `api`: the fields of `api`. */
  constructor(extra = '', receivers = '', api?: string) {
    this.#receivers = receivers;
    this.write(extra, api);
  }

  /** `api`: the fields of `api`, such as the port where a program listened before. */
  write(extra: string, api = 'port: 0'): void {
    writeFileSync(
      this.config,
      `receivers:
  - { type: udp, host: 127.0.0.1, port: 0 }
  - { type: tcp, host: 127.0.0.1, port: 0 }
${this.#receivers}api: { ${api} }
log: { format: json }
${extra}`,
    );
  }

  get store(): string {
    return join(this.path, 'data');
  }

  dispose(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** The program as shipped, in a process of its own. */
export class Program {
  readonly child: ChildProcess;
  readonly log: Record<string, unknown>[] = [];
  readonly api: string;
  readonly udpPort: number;
  readonly tcpPort: number;

  private constructor(
    child: ChildProcess,
    listening: Record<string, unknown>,
    log: Record<string, unknown>[],
  ) {
    this.child = child;
    this.log = log;
    this.api = String(listening['api']);
    this.udpPort = portOf(listening['udp']);
    this.tcpPort = portOf(listening['tcp']);
  }

  /**
   * Resolves when it listens; rejects with what it wrote when it ends before. `through`: a command that executes the
   * one that is its arguments. `headcount`: another command that is Headcount. `longestMs`: it is killed after so long.
   */
  static async start(
    folder: ProgramFolder,
    through: readonly string[] = [],
    headcount: readonly string[] = HERE,
    longestMs = 0,
  ): Promise<Program> {
    const [command = '', ...parameters] = [...through, ...headcount, 'start', '--config', folder.config];
    const child = spawn(command, parameters, { cwd: folder.path, timeout: longestMs, killSignal: 'SIGKILL' });
    const log: Record<string, unknown>[] = [];
    let errors = '';
    child.stderr.on('data', (text) => {
      errors += text;
    });
    const listening = await new Promise<Record<string, unknown>>((found, failed) => {
      createInterface({ input: child.stdout }).on('line', (text) => {
        const line = JSON.parse(text) as Record<string, unknown>;
        log.push(line);
        if (line['msg'] === 'listening') found(line);
      });
      child.once('exit', (code) => failed(new Error(`exit ${code}: ${errors}`)));
    });
    return new Program(child, listening, log);
  }

  async get<T = Record<string, unknown>>(path: string): Promise<T> {
    const response = await fetch(this.api + path);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  /** SIGTERM; the exit code. */
  stop(): Promise<number | null> {
    return this.end('SIGTERM');
  }

  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode;
    const exited = once(this.child, 'exit');
    this.child.kill(signal);
    await exited;
    return this.child.exitCode;
  }
}

function portOf(addresses: unknown): number {
  const [first] = Array.isArray(addresses) ? addresses : [];
  return Number(String(first).split(':').at(-1));
}

/** Asks again until the answer fits; the last answer is in the error when it never does. */
export async function until<T>(
  ask: () => Promise<T>,
  fits: (answer: T) => boolean,
  withinMs = 20_000,
): Promise<T> {
  const end = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (fits(answer)) return answer;
    if (performance.now() > end) throw new Error(`still ${JSON.stringify(answer).slice(0, 2_000)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
