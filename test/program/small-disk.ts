import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, ftruncateSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const CHUNK_BYTES = 1_048_576;
const LEAST_BYTES = 4_096;

/** A file system of a few MiB that only its own processes see, at `place`; it ends with `dispose`. */
export class SmallDisk {
  readonly #holder: ChildProcess;
  readonly #place: string;

  private constructor(holder: ChildProcess, place: string) {
    this.#holder = holder;
    this.#place = place;
  }

  /** Whether this machine lets us have one. */
  static isPossible(): boolean {
    const { status } = spawnSync('unshare', ['-Urm', 'mount', '-t', 'tmpfs', 'none', '/mnt']);
    return status === 0 && spawnSync('nsenter', ['--version']).status === 0;
  }

  static async mount(place: string, size: string): Promise<SmallDisk> {
    mkdirSync(place, { recursive: true });
    const script = 'mount -t tmpfs -o size="$0" none "$1" && echo mounted && exec cat';
    const holder = spawn('unshare', ['-Urm', 'sh', '-c', script, size, place], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    return new SmallDisk(holder, place);
  }

  /** The command through which another one runs on it. */
  get through(): string[] {
    const user = process.getuid?.() === 0 ? [] : ['--preserve-credentials'];
    return ['nsenter', '--target', String(this.#holder.pid), '--user', '--mount', ...user, '--'];
  }

  /** Where it is seen from outside. */
  get path(): string {
    return `/proc/${this.#holder.pid}/root${this.#place}`;
  }

  /** Leaves so many bytes, of pages of 4 KiB. */
  fill(leavingBytes = 0): void {
    const ballast = openSync(join(this.path, 'ballast'), 'a');
    for (let bytes = CHUNK_BYTES; bytes >= LEAST_BYTES; ) {
      try {
        writeSync(ballast, Buffer.alloc(bytes));
      } catch {
        bytes /= 2;
      }
    }
    ftruncateSync(ballast, fstatSync(ballast).size - leavingBytes);
    closeSync(ballast);
  }

  free(): void {
    rmSync(join(this.path, 'ballast'));
  }

  async dispose(): Promise<void> {
    const exited = once(this.#holder, 'exit');
    this.#holder.stdin?.end();
    await exited;
  }
}
