import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Every process and folder that a bench makes, so that none outlives it: see `removeAll`. */
export class Processes {
  readonly #running = new Set<ChildProcess>();
  readonly #folders = new Set<string>();
  readonly #endings: (() => void)[] = [];

  /** Starts a file of the bench, with a channel for messages. */
  fork(file: string): ChildProcess {
    return this.#track(
      fork(fileURLToPath(new URL(file, import.meta.url)), { stdio: ['ignore', 2, 2, 'ipc'] }),
    );
  }

  /** Starts Node with these arguments; its standard output can be read. */
  startNode(args: readonly string[], cwd: string): ChildProcess {
    return this.start(process.execPath, args, cwd);
  }

  /** Starts a command; its standard output can be read. */
  start(command: string, args: readonly string[], cwd: string): ChildProcess {
    return this.#track(spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] }));
  }

  createFolder(): string {
    const folder = mkdtempSync(join(tmpdir(), 'headcount-bench-'));
    this.#folders.add(folder);
    return folder;
  }

  removeFolder(folder: string): void {
    rmSync(folder, { recursive: true, force: true });
    this.#folders.delete(folder);
  }

  /** Does something more on the way out. */
  atEnd(end: () => void): void {
    this.#endings.push(end);
  }

  /** Kills what still runs, by its own id, and removes all folders. Synchronous, for the way out. */
  removeAll(): void {
    for (const child of this.#running) child.kill('SIGKILL');
    for (const folder of this.#folders) this.removeFolder(folder);
    for (const end of this.#endings) end();
  }

  #track(child: ChildProcess): ChildProcess {
    this.#running.add(child);
    child.once('exit', () => this.#running.delete(child));
    return child;
  }
}

export function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error('the process did not start');
  return child.pid;
}

/** Ends a process and waits for it; after `withinMs` it is killed. True where it ended by itself. */
export async function stop(child: ChildProcess, signal: NodeJS.Signals, withinMs = 10_000): Promise<boolean> {
  if (child.exitCode !== null || child.signalCode !== null) return true;
  const exited = once(child, 'exit');
  child.kill(signal);
  const killer = setTimeout(() => child.kill('SIGKILL'), withinMs);
  await exited;
  clearTimeout(killer);
  return child.signalCode !== 'SIGKILL';
}

/** The next message of a forked process; rejects when it ends first or says nothing for `withinMs`. */
export async function nextMessage<T>(child: ChildProcess, withinMs: number): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const onExit = (): void => reject(new Error('a process of the bench ended too early'));
  const timer = setTimeout(() => reject(new Error(`no word within ${withinMs} ms`)), withinMs);
  const onMessage = (message: unknown): void => resolve(message as T);
  child.once('message', onMessage).once('exit', onExit);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    child.off('message', onMessage).off('exit', onExit);
  }
}
