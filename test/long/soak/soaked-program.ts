import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const MAIN = resolve(import.meta.dirname, '../../../src/headcount.js');
/** As `npm start` has it. */
const START_FLAGS = ['--max-semi-space-size=8'];
const CONFIG = `receivers:
  - { type: udp, host: 127.0.0.1, port: 0 }
  - { type: tcp, host: 127.0.0.1, port: 0 }
blacklist: [ { directory: INTERNAL } ]
sinks: [ { type: console } ]
api: { port: 0 }
log: { format: json }
`;

interface Listening {
  readonly api: string;
  readonly udp: readonly string[];
  readonly tcp: readonly string[];
}

/** The program as shipped with everything on, in a folder of its own; what its sink prints is read and counted. */
export class SoakedProgram {
  readonly folder = mkdtempSync(join(tmpdir(), 'headcount-soak-'));
  /** Rows that the console sink printed. */
  rows = 0;
  /** Lines of the log, by message. */
  readonly logged = new Map<string, number>();
  readonly #child: ChildProcess;
  readonly #listening: Promise<Listening>;

  constructor() {
    writeFileSync(join(this.folder, 'config.yaml'), CONFIG);
    const child = spawn(process.execPath, [...START_FLAGS, MAIN, 'start'], {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#child = child;
    this.#listening = new Promise((found, failed) => {
      createInterface({ input: child.stdout }).on('line', (line) => this.#read(line, found));
      child.once('exit', (code) => failed(new Error(`the program ended with ${code}`)));
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get openFiles(): number {
    return readdirSync(`/proc/${this.pid}/fd`).length;
  }

  /** Where it listens. */
  async addresses(): Promise<{ readonly api: string; readonly udpPort: number; readonly tcpPort: number }> {
    const { api, udp, tcp } = await this.#listening;
    return { api, udpPort: portOf(udp), tcpPort: portOf(tcp) };
  }

  /** SIGTERM; the exit code. */
  async stop(): Promise<number | null> {
    if (this.isRunning) {
      const exited = once(this.#child, 'exit');
      this.#child.kill('SIGTERM');
      await exited;
    }
    return this.#child.exitCode;
  }

  /** At once, for the way out. */
  dispose(): void {
    this.#child.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }

  #read(line: string, found: (listening: Listening) => void): void {
    if (line.startsWith('{"table"')) {
      this.rows += 1;
      return;
    }
    const entry = JSON.parse(line) as Listening & { readonly msg: string };
    this.logged.set(entry.msg, (this.logged.get(entry.msg) ?? 0) + 1);
    if (entry.msg === 'listening') found(entry);
  }
}

function portOf([first]: readonly string[]): number {
  return Number(first?.split(':').at(-1));
}
